//! Extensions that have a key in the file but no type of their own in [`Extension`].

use der::{Encode, Sequence};

use crate::request::{Extension, Oid};
use crate::spec::toml::findings::Findings;
use crate::spec::toml::format::TemplateOid;
use crate::spec::{Diagnostic, oid};

/// TLS feature `status_request` (RFC 7633): `SEQUENCE { INTEGER 5 }`.
pub(super) fn must_staple() -> Extension {
    Extension::Other { oid: Oid::new_unwrap("1.3.6.1.5.5.7.1.24"), value: vec![0x30, 0x03, 0x02, 0x01, 0x05] }
}

/// `CertificateTemplateOID` ([MS-WCCE], 2.2.2.7.7.2).
#[derive(Sequence)]
pub(in crate::spec::toml) struct CertificateTemplate {
    pub(in crate::spec::toml) id: Oid,
    pub(in crate::spec::toml) major: u32,
    pub(in crate::spec::toml) minor: Option<u32>,
}

pub(super) fn template_oid(template: &TemplateOid, found: &mut Findings<'_>) -> Option<Extension> {
    let TemplateOid { oid, major, minor } = template;
    let id = found.take_at(oid.span, oid::parse(&oid.value))?;
    let der = CertificateTemplate { id, major: *major, minor: *minor }.to_der();
    let der = der.map_err(|reason| Diagnostic::error(format!("the template cannot be encoded: {reason}"), None));
    let value = found.take_at(oid.span, der)?;
    Some(Extension::Other { oid: Oid::new_unwrap("1.3.6.1.4.1.311.21.7"), value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Span;
    use crate::spec::toml::placed::Placed;

    #[test]
    fn a_template_oid_has_its_versions() {
        let span = Span { start: 0, end: 0 };
        let oid = Placed { value: "1.3.6.1.4.1.311.21.8.1.2.3".to_owned(), span };
        let template = TemplateOid { oid, major: 100, minor: Some(3) };
        let Some(Extension::Other { value, .. }) = template_oid(&template, &mut Findings::about("")) else {
            panic!("not raw")
        };
        assert_eq!(base16ct::lower::encode_string(&value), "3014060c2b0601040182371508010203020164020103");
    }
}
