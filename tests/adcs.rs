//! CSRs go to the web enrolment pages of Microsoft's certificate services. The server is a stand-in with a CA of OpenSSL,
//! whose pages have the words that the client `certsrv` for Python looks for: it proves nothing about Windows.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use support::{Ca, Request, Sandbox, SoftToken, StandIn, openssl, reply};

const SUBMIT: [&str; 5] = ["submit", "request.csr.pem", "--ca", "company", "--force"];
const SUBMITTED: &str = "<TD>Disposition message:</TD>\r\n<TD>\t\tTaken Under Submission\r\n</TD>";
const DENIED: &str = "<P>The disposition message is \"Denied by Policy Module  0x80094800, not by policy: \"Web\".</P>";

fn configure(sandbox: &Sandbox, server: &StandIn, template: &str) {
    sandbox.write("password", "p&ss:wörd");
    let table = format!("template = '{template}'\nuser = 'CORP\\machine'\npassword-source = 'password'\n");
    sandbox.write("hsmcert.toml", format!("[ca.company]\ntype = 'adcs'\nurl = '{}/certsrv'\n{table}", server.url()));
}

/// `Web` is issued at once, `Officer` when somebody has decided, everything else is denied.
fn server(sandbox: &Sandbox, decided: &Arc<AtomicBool>) -> StandIn {
    let (folder, decided) = (sandbox.path("adcs"), Arc::clone(decided));
    std::fs::create_dir(&folder).unwrap();
    let ca = Ca::new(&folder, "Example");
    StandIn::new(move |request: &Request| {
        let (page, query) = request.path().split_once('?').unwrap_or((request.path(), ""));
        match (page, query) {
            ("/certsrv/certfnsh.asp", _) => {
                let form = percent_encoding::percent_decode(&request.body).decode_utf8().unwrap().into_owned();
                let field =
                    |name: &str| form.split(&format!("{name}=")).nth(1).unwrap().split('&').next().unwrap().to_owned();
                std::fs::write(folder.join("asked.pem"), field("CertRequest")).unwrap();
                reply(
                    "200 OK",
                    "Content-Type: text/html\r\n",
                    match field("CertAttrib").as_str() {
                        "CertificateTemplate:Web\r\n" => {
                            "<A Href=\"certnew.cer?ReqID=17&amp;Enc=b64\">Download certificate</A>"
                        }
                        "CertificateTemplate:Officer\r\n" => "<B>Certificate Pending</B><P>Your Request Id is 17.</P>",
                        _ => DENIED,
                    },
                )
            }
            ("/certsrv/certnew.cer", "ReqID=17&Enc=b64") if !decided.load(Ordering::SeqCst) => {
                reply("200 OK", "", SUBMITTED)
            }
            ("/certsrv/certnew.cer", "ReqID=17&Enc=b64") => reply("200 OK", "", ca.issue(&folder.join("asked.pem"))),
            ("/certsrv/certnew.p7b", "ReqID=17&Enc=b64") => {
                let all = ca.issue(&folder.join("asked.pem")) + &ca.certificate("issuing") + &ca.certificate("root");
                std::fs::write(folder.join("all.pem"), all).unwrap();
                reply("200 OK", "", openssl(&folder, &["crl2pkcs7", "-nocrl", "-certfile", "all.pem"]))
            }
            _ => reply("404 Not Found", "", ""),
        }
    })
}

#[test]
fn a_template_issues_and_the_certificate_is_accepted() {
    let token = SoftToken::with_request();
    let server = server(&token, &Arc::new(AtomicBool::new(true)));
    configure(&token, &server, "Web");
    let issued = token.run(&[&SUBMIT[..], &["--json"]].concat()).ok().json();
    assert_eq!(issued["protocol"], "adcs");
    assert_eq!(issued["certificates"], 3);
    token.run(&["accept", "request.crt.pem"]).ok();
    let basic = "Basic Q09SUFxtYWNoaW5lOnAmc3M6d8O2cmQ=";
    assert!(server.seen().iter().all(|request| request.header("Authorization") == Some(basic)), "{:?}", server.seen());
}

#[test]
fn a_request_that_waits_is_asked_for_by_its_number() {
    let token = SoftToken::new();
    let decided = Arc::new(AtomicBool::new(false));
    let server = server(&token, &decided);
    configure(&token, &server, "Officer");
    let spec = "san.dns = ['www.example.com']\n[key]\nalgorithm = 'ecdsa'\n[renewal]\nca = 'company'\n";
    token.write("web.toml", spec);
    let waits = token.run(&["renew", "web.toml"]).exits(12);
    assert!(waits.stdout.contains("request 17: Taken Under Submission"), "{waits:?}");
    // A password that has changed does not end the request.
    let password = token.read("password");
    configure(
        &token,
        &StandIn::always("401 Unauthorized", "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n", ""),
        "Officer",
    );
    token.run(&["renew", "web.toml"]).fails(2).says("does not take passwords (401), but Negotiate, NTLM");
    // Nor does a door that is shut.
    configure(&token, &StandIn::always("403 Forbidden", "", ""), "Officer");
    token.run(&["renew", "web.toml"]).fails(11).says("the CA cannot do it now: 403 Forbidden");
    configure(&token, &server, "Officer");
    token.write("password", password);
    decided.store(true, Ordering::SeqCst);
    token.run(&["renew", "web.toml"]).ok();
    let requests = server.seen().iter().filter(|request| request.path() == "/certsrv/certfnsh.asp").count();
    assert_eq!(requests, 1);
}

#[test]
fn what_the_ca_refuses_is_told_in_its_words() {
    let token = SoftToken::with_request();
    let server = server(&token, &Arc::new(AtomicBool::new(false)));
    configure(&token, &server, "Nobody");
    token.run(&SUBMIT).fails(11).says("the CA refuses: Denied by Policy Module 0x80094800, not by policy: \"Web");
    configure(&token, &StandIn::always("200 OK", "", "<html><h1>Willkommen</h1>"), "Web");
    token.run(&SUBMIT).fails(11).says("not understood: Willkommen");
    token.run(&[&SUBMIT[..], &["--reference", "../x"]].concat()).fails(2).says("is no number of a request");
    assert!(!token.path("request.crt.pem").exists());
}

#[test]
fn a_request_that_was_denied_at_last_is_followed_by_a_new_one() {
    let token = SoftToken::with_request();
    let server = server(&token, &Arc::new(AtomicBool::new(false)));
    configure(&token, &server, "Officer");
    token.run(&SUBMIT).fails(12);
    let denied = StandIn::always("200 OK", "", SUBMITTED.replace("Taken Under Submission", "Denied by CORP\\officer"));
    configure(&token, &denied, "Officer");
    token.run(&SUBMIT).fails(11).says("the CA refuses: request 17: Denied by CORP\\officer");
    configure(&token, &server, "Officer");
    token.run(&SUBMIT).fails(12);
    let handed_in = server.seen().iter().filter(|request| request.path() == "/certsrv/certfnsh.asp").count();
    assert_eq!(handed_in, 2);
}
