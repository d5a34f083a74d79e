//! The commands that change a token, each on one that is made ready for it, and what may be between before and after.

use super::{Class, Matrix, Object, SoftToken};

pub const EC: &str = "ecdsa";
pub const RSA: &str = "rsa";

/// A command and its token.
#[derive(Debug)]
pub struct Case {
    pub token: SoftToken,
    name: String,
    arguments: &'static [&'static str],
    otherwise: &'static [&'static str],
    between: fn(&[Object], &[Object]) -> bool,
}

impl Case {
    /// `name` with the algorithm; all is done or nothing, and the same command finishes.
    fn new(name: &str, algorithm: &str, token: SoftToken, arguments: &'static [&'static str]) -> Self {
        Self { token, name: format!("{name}, {algorithm}"), arguments, otherwise: &[], between: |_, _| false }
    }

    pub fn matrix(&self) -> Matrix<'_> {
        let Self { name, arguments, otherwise, between, .. } = self;
        Matrix { name, arguments, otherwise, between: *between }
    }
}

pub fn new(algorithm: &str) -> Case {
    let case = Case::new("new", algorithm, with_file(algorithm), &["new", "web.toml", "--force"]);
    // The pair of a run that died is named by the next one, and taken by this.
    Case { otherwise: &["new", "web.toml", "--force", "--reuse-key", "web"], ..case }
}

/// A self-signed certificate, which is stored beside its key.
pub fn self_signed(algorithm: &str) -> Case {
    let case = new(algorithm);
    let request = String::from_utf8(case.token.read("web.toml")).unwrap();
    case.token.write("web.toml", request.replace("[key]", "[self-signed]\ndays = 30\n[key]"));
    Case { name: format!("new, self-signed, {algorithm}"), ..case }
}

pub fn accept(algorithm: &str) -> Case {
    Case::new("accept", algorithm, with_certificate(algorithm), &["accept", "web.crt.pem"])
}

/// Another certificate of the same key takes the place of the first.
pub fn accept_another(algorithm: &str) -> Case {
    let token = linked(algorithm);
    token.run(&["dev-ca", "web.csr.pem", "web.crt.pem", "--force"]).ok();
    let case = Case::new("accept another", algorithm, token, &["accept", "web.crt.pem"]);
    // Only the old one is left to be removed (docs/design.md, linking rule 5).
    let between = |before: &[Object], left: &[Object]| {
        left.len() == before.len() + 1 && before.iter().all(|old| left.contains(old))
    };
    Case { between, ..case }
}

pub fn renew(algorithm: &str) -> Case {
    let token = with_file(algorithm);
    token.run(&["renew", "web.toml"]).ok();
    let case = Case::new("renew", algorithm, token, &["renew", "web.toml", "--force"]);
    Case { between: renewing, ..case }
}

pub fn rename(algorithm: &str) -> Case {
    let case = Case::new("rename", algorithm, linked(algorithm), &["rename", "web", "web.old"]);
    // Where only what is remembered is behind.
    Case { otherwise: &["rename", "web.old", "web.old"], ..case }
}

pub fn delete_key(algorithm: &str) -> Case {
    let arguments = &["delete-key", "web", "--certificate", "--force", "--yes"];
    let case = Case::new("delete-key", algorithm, linked(algorithm), arguments);
    // The private key goes first, and what is left of it is named (docs/keys.md).
    Case { between: |_, left| left.iter().all(|one| one.class != Class::Private), ..case }
}

/// All that was there is there, by whatever label, and beside it at most one new pair, perhaps with its certificate
/// (docs/renew.md, "What a renewal does").
fn renewing(before: &[Object], left: &[Object]) -> bool {
    let is_old = |one: &Object| before.iter().any(|old| (old.class, &old.id) == (one.class, &one.id));
    let (old, new): (Vec<&Object>, Vec<&Object>) = left.iter().partition(|one| is_old(one));
    let classes: Vec<Class> = new.iter().map(|one| one.class).collect();
    let is_pair = classes.is_empty() || classes.ends_with(&[Class::Private, Class::Public]) && classes.len() <= 3;
    old.len() == before.len() && is_pair && new.windows(2).all(|two| two[0].id == two[1].id)
}

/// A token and a request of `web`, that the throw-away CA renews.
fn with_file(algorithm: &str) -> SoftToken {
    let token = SoftToken::in_memory();
    let request = "san.dns = ['www.example.com']\n[renewal]\nca = 'dev'\n[key]\nlabel = 'web'\n";
    token.write("web.toml", format!("{request}algorithm = '{algorithm}'\n"));
    token
}

/// The same with a pair, its CSR and its certificate.
fn with_certificate(algorithm: &str) -> SoftToken {
    let token = with_file(algorithm);
    token.run(&["new", "web.toml"]).ok();
    token.run(&["dev-ca", "web.csr.pem", "web.crt.pem"]).ok();
    token
}

/// The same, linked.
fn linked(algorithm: &str) -> SoftToken {
    let token = with_certificate(algorithm);
    token.run(&["accept", "web.crt.pem"]).ok();
    token
}
