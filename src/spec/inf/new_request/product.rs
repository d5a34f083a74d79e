//! `RequestType`.

use super::super::super::Diagnostic;
use super::super::settings::Settings;
use super::validity;
use crate::request::Product;

const TYPES: [(&str, u32); 5] = [("PKCS10", 1), ("PKCS7", 2), ("CMC", 3), ("Cert", 4), ("SCEP", 0xfd00)];
const EXPECTED: &str = "expected PKCS10 or Cert";

/// What is made: a PKCS#10 request unless the file says otherwise.
pub(super) fn read(settings: &mut Settings<'_>) -> Product {
    let asked = settings.choice("RequestType", &TYPES, EXPECTED).unwrap_or(1);
    let (form, use_instead) = match asked {
        1 => {
            validity::report_as_useless(settings);
            return Product::Pkcs10;
        }
        4 => return Product::SelfSigned(validity::read(settings)),
        2 => ("PKCS#7", "hsmcert signs a request with its own key: write RequestType = PKCS10"),
        3 => ("CMC", "a plain request is enough for every CA: write RequestType = PKCS10"),
        0xfd00 => ("SCEP", "make a PKCS#10 request and submit that: write RequestType = PKCS10"),
        _ => ("such", "write RequestType = PKCS10, or Cert for a self-signed certificate"),
    };
    let problem = Diagnostic::error(format!("{form} requests are not supported"), settings.span("RequestType"));
    settings.problems.push(problem.expecting(EXPECTED).help(use_instead));
    Product::Pkcs10
}
