//! The walk-through that hsmcert follows, as its readers type it: request, CA, accept, look at the keys; with
//! `hsmcert` for `certreq.exe` and `key_mgmt_util`, on a machine without an HSM.

mod support;

use support::{SEED_INF, Sandbox};

#[test]
fn the_seeds_walk_through_works_as_written() {
    let machine = Sandbox::new();
    let folder = machine.folder().join("work");
    machine.write("request.inf", SEED_INF);

    // "confirm that no keys are present": findKey
    let found = machine.run(&["find-key"]).ok().stdout;
    assert!(found.contains("Total number of keys present 0"), "{found}");

    // certreq.exe -new request.inf request.csr.pem
    machine.run(&["-new", "request.inf", "request.csr.pem", "--trial"]).ok();
    let text = support::openssl(&folder, &["req", "-in", "request.csr.pem", "-verify", "-noout", "-text"]);
    assert!(text.contains("DNS:www.example.com, DNS:example.com"), "{text}");

    // "-c 2 to display only public keys and -c 3 to display private keys": the two are a pair
    let one = |class| {
        let found = machine.run(&["find-key", "-c", class, "--json"]).ok().json();
        let objects = found["objects"].as_array().unwrap().clone();
        assert_eq!(objects.len(), 1, "{found:#}");
        objects.into_iter().next().unwrap()
    };
    let (public, private) = (one("2"), one("3"));
    assert_eq!((&public["class"], &private["class"]), (&"public".into(), &"private".into()));
    assert_eq!((&public["id"], &public["label"]), (&private["id"], &private["label"]));
    assert!(public["handle"].is_u64() && private["handle"].is_u64());

    // "Submit the CSR ... to the CA"; "make sure you enter all of the SANs"
    machine.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();

    // certreq.exe -accept request.crt.pem
    machine.run(&["-accept", "request.crt.pem"]).ok();
    let certificate = one("1");
    assert_eq!((&certificate["id"], &certificate["label"]), (&private["id"], &private["label"]));
    assert_eq!(one("3")["certificate_subject"], certificate["certificate_subject"]);

    // The certificate that a server shows has the names and the key of the request.
    let key_of = |arguments: &[&str]| support::openssl(&folder, &[arguments, &["-noout", "-pubkey"]].concat());
    let of_csr = key_of(&["req", "-in", "request.csr.pem"]);
    assert_eq!(key_of(&["x509", "-in", "request.crt.fullchain.pem"]), of_csr);
}
