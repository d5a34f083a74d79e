//! What a module answers: a token in memory whose answers the bytes turn into lies (`tests/hostile-module`). The module is
//! the library in `HOSTILE_MODULE`.
#![no_main]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use hsmcert::find::{self, Filter, Order, Query, Rows};
use hsmcert::key::{Hash, SignatureScheme};
use hsmcert::token::{Detail, Module, ObjectClass, Session};
use hsmcert::x509;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (path, follow) = library();
    follow(bytes);
    let Ok(module) = Module::load(path, None, None, None) else { return };
    let Ok(tokens) = module.tokens() else { return };
    for token in tokens.into_iter().take(2) {
        let _ = (token.to_string(), module.mechanism_sizes(&token));
        let Ok(session) = Session::open(&module, token) else { continue };
        let _ = session.login(None);
        look_at(&session);
    }
});

type Follow = unsafe extern "C" fn(*const u8, usize);

/// The module, and how its script is given to it.
fn library() -> (&'static Path, impl Fn(&[u8])) {
    static LIBRARY: OnceLock<(PathBuf, libloading::Library)> = OnceLock::new();
    let (path, library) = LIBRARY.get_or_init(|| {
        let path = PathBuf::from(std::env::var_os("HOSTILE_MODULE").expect("HOSTILE_MODULE names the library"));
        // SAFETY: it is the module of this repository, whose loading runs nothing.
        let library = unsafe { libloading::Library::new(&path) }.expect("the hostile module");
        (path, library)
    });
    // SAFETY: the module has this function with this signature.
    let follow = unsafe { library.get::<Follow>(b"hostile_script") }.expect("its entry for fuzzing");
    let follow = *follow;
    // SAFETY: the bytes are as many as that says, and the module copies them.
    (path, move |bytes: &[u8]| unsafe { follow(bytes.as_ptr(), bytes.len()) })
}

/// All that is asked of a token without changing it, and one signature.
fn look_at(session: &Session<'_>) {
    let all = Query {
        rows: Rows::Pairs,
        filter: Filter::default(),
        order: Order::default(),
        limit: None,
        detail: Detail::Everything,
        with_der: true,
        remembered: Some(vec![]),
    };
    if let Ok(found) = find::find(session, &all, 0, &|_, _| {}) {
        let _ = format!("{found:?}");
    }
    let _ = session.objects_labelled("www.example.com");
    for certificate in session.certificates().unwrap_or_default() {
        let _ = format!("{certificate:?}");
    }
    for object in session.objects(ObjectClass::PrivateKey).unwrap_or_default() {
        let Some(key) = object.public_key.clone() else { continue };
        if let Ok(Some(pair)) = session.find_key(&key) {
            let signature = pair.sign(SignatureScheme::Ecdsa(Hash::Sha256), b"message");
            let _ = signature.map(|signature| x509::encode_signature(SignatureScheme::Ecdsa(Hash::Sha256), &signature));
        }
    }
}
