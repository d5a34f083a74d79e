//! Hosts, ports and addresses as curl writes them.

use std::net::IpAddr;
use std::str::FromStr;

/// `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct HostPort {
    pub(in crate::cli) host: String,
    pub(in crate::cli) port: u16,
}

impl FromStr for HostPort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected =
            || format!("expected HOST:PORT, for example {}:443", if text.is_empty() { "host" } else { text });
        let (host, port) = text.rsplit_once(':').ok_or_else(expected)?;
        let port = port.parse().map_err(|_| "the port is no number from 1 to 65535".to_owned())?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if bare.is_empty() || (bare.contains(':') && bare == host) {
            return Err("expected HOST:PORT, or [IPv6]:PORT".to_owned());
        }
        Ok(Self { host: bare.to_owned(), port })
    }
}

/// `HOST:PORT:ADDRESS`.
#[derive(Debug, Clone)]
pub(super) struct Resolve {
    pub(super) of: HostPort,
    pub(super) address: IpAddr,
}

impl FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected HOST:PORT:ADDRESS, for example www.example.com:443:127.0.0.1".to_owned();
        // An IPv6 address has colons itself, so the parts are taken from the left.
        let start = text.find(']').unwrap_or_default();
        let port = start + text[start..].find(':').ok_or_else(expected)? + 1;
        let end = port + text[port..].find(':').ok_or_else(expected)?;
        let address = text[end + 1..].trim_start_matches('[').trim_end_matches(']');
        Ok(Self { of: text[..end].parse()?, address: address.parse().map_err(|_| expected())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_addresses_as_curl_writes_them() {
        let host = |host: &str, port| HostPort { host: host.to_owned(), port };
        assert_eq!("www.example.com:443".parse(), Ok(host("www.example.com", 443)));
        assert_eq!("[::1]:8443".parse(), Ok(host("::1", 8443)));
        for wrong in ["www.example.com", "::1", ":443", "a:99999", ""] {
            assert!(wrong.parse::<HostPort>().is_err(), "{wrong}");
        }
        for (text, of, address) in [
            ("www.example.com:443:127.0.0.1", host("www.example.com", 443), "127.0.0.1"),
            ("www.example.com:443:::1", host("www.example.com", 443), "::1"),
            ("[::1]:443:[::2]", host("::1", 443), "::2"),
        ] {
            let resolve: Resolve = text.parse().unwrap();
            assert_eq!((resolve.of, resolve.address.to_string()), (of, address.to_owned()));
        }
        assert!("www.example.com:443".parse::<Resolve>().is_err());
    }
}
