//! Name constraints.

use std::net::IpAddr;

use super::name;
use crate::request::{self, GeneralName, Subtree};
use crate::spec::Diagnostic;
use crate::spec::toml::findings::Findings;
use crate::spec::toml::format::{NameConstraints, Subtrees};
use crate::spec::toml::host;
use crate::spec::toml::placed::{Many, Placed};

/// Both lists of subtrees (RFC 5280, 4.2.1.10).
pub(super) fn read(constraints: NameConstraints, found: &mut Findings<'_>) -> request::NameConstraints {
    let NameConstraints { permitted, excluded } = constraints;
    request::NameConstraints { permitted: subtrees(permitted.0, found), excluded: subtrees(excluded.0, found) }
}

fn subtrees(subtrees: Subtrees, found: &mut Findings<'_>) -> Vec<Subtree> {
    let Subtrees { dns, ip, email, uri, directory_name } = subtrees;
    let items = |list: Option<Many<String>>| list.map(|list| list.items).unwrap_or_default();
    let mut read = Vec::new();
    for text in items(dns) {
        read.extend(domain(&text, found).map(|domain| Subtree::Name(GeneralName::Dns(domain))));
    }
    for text in items(ip) {
        read.extend(found.take(network(&text)).map(Subtree::IpRange));
    }
    for text in items(email) {
        let mailbox = match text.value.contains('@') {
            true => {
                let mailbox = host::email(&text, found);
                found.take(mailbox)
            }
            false => domain(&text, found),
        };
        read.extend(mailbox.map(|mailbox| Subtree::Name(GeneralName::Email(mailbox))));
    }
    for text in items(uri) {
        read.extend(domain(&text, found).map(|domain| Subtree::Name(GeneralName::Uri(domain))));
    }
    for item in directory_name.map(|list| list.items).unwrap_or_default() {
        read.push(Subtree::Name(GeneralName::DirectoryName(name::read(item, found))));
    }
    read
}

/// A host, or with a dot in front all hosts of a domain.
fn domain(text: &Placed<String>, found: &mut Findings<'_>) -> Option<String> {
    let (dot, bare) = match text.value.strip_prefix('.') {
        Some(bare) => (".", bare),
        None => ("", text.value.as_str()),
    };
    let ascii = host::ascii_host(bare, text.span, found);
    found.take(ascii).map(|host| format!("{dot}{host}"))
}

/// `10.0.0.0/8` as address and mask.
fn network(text: &Placed<String>) -> Result<Vec<u8>, Diagnostic> {
    let error = || Diagnostic::error(format!("`{}` is not a network", text.value), Some(text.span));
    let (address, length) = text.value.split_once('/').ok_or_else(|| error().expecting("expected 10.0.0.0/8"))?;
    let address: IpAddr = address.parse().map_err(|_| error().expecting("expected an address before the slash"))?;
    let mut bytes = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let bits = bytes.len() * 8;
    let length = length.parse::<usize>().ok().filter(|length| *length <= bits);
    let length = length.ok_or_else(|| error().expecting(format!("expected 0 to {bits} behind the slash")))?;
    let mask: Vec<u8> = (0..bytes.len()).map(|index| mask_byte(length.saturating_sub(index * 8))).collect();
    if bytes.iter().zip(&mask).any(|(byte, mask)| byte & !mask != 0) {
        return Err(error().expecting(format!("the address has bits behind the first {length}")));
    }
    bytes.extend(mask);
    Ok(bytes)
}

fn mask_byte(ones: usize) -> u8 {
    if ones >= 8 { 0xff } else { !(0xff >> ones) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Span;

    fn bytes(text: &str) -> Result<Vec<u8>, Diagnostic> {
        network(&Placed { value: text.to_owned(), span: Span { start: 0, end: text.len() } })
    }

    #[test]
    fn a_network_is_address_and_mask() {
        assert_eq!(bytes("10.0.0.0/8").unwrap(), [10, 0, 0, 0, 255, 0, 0, 0]);
        assert_eq!(bytes("10.1.128.0/17").unwrap(), [10, 1, 128, 0, 255, 255, 128, 0]);
        assert_eq!(bytes("0.0.0.0/0").unwrap(), [0; 8]);
        assert_eq!(bytes("2001:db8::/32").unwrap().len(), 32);
        assert!(bytes("10.0.0.1/8").unwrap_err().label.unwrap().contains("first 8"));
        assert!(bytes("10.0.0.0/33").is_err());
        assert!(bytes("10.0.0.0").is_err());
    }
}
