//! The objects of a token, read from what `pkcs11-tool -O` prints.

/// Class of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Certificate,
    Private,
    Public,
    Secret,
    Data,
}

/// One object. Its handle is left out: it changes with each session.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Object {
    pub class: Class,
    /// `CKA_LABEL`, empty without one.
    pub label: String,
    /// `CKA_ID` in lower hex, empty without one.
    pub id: String,
    /// Usage and access flags as OpenSC words them, for example `sensitive`.
    pub flags: Vec<String>,
}

impl Object {
    pub fn is(&self, flag: &str) -> bool {
        self.flags.iter().any(|one| one == flag)
    }
}

/// Sorted by class, then label.
pub(super) fn parse(listing: &str) -> Vec<Object> {
    let mut objects: Vec<Object> = Vec::new();
    for line in listing.lines() {
        if let Some(class) = class(line) {
            objects.push(Object { class, label: String::new(), id: String::new(), flags: Vec::new() });
        } else if let (Some(object), Some((name, value))) = (objects.last_mut(), line.trim().split_once(':')) {
            match name {
                "label" => object.label = value.trim().to_owned(),
                "ID" => object.id = value.trim().to_owned(),
                "Usage" | "Access" => object.flags.extend(value.split(',').map(|flag| flag.trim().to_owned())),
                _ => {}
            }
        }
    }
    objects.sort();
    objects
}

fn class(line: &str) -> Option<Class> {
    let (kind, _) = line.split_once(" Object")?;
    Some(match kind {
        "Certificate" => Class::Certificate,
        "Private Key" => Class::Private,
        "Public Key" => Class::Public,
        "Secret Key" => Class::Secret,
        "Data object" | "Data" => Class::Data,
        _ => panic!("pkcs11-tool shows an object of unknown class: {line}"),
    })
}
