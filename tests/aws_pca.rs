//! CSRs go to AWS Private CA as moto plays it, with the credentials of every usual place.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use support::{Moto, Outcome, Request, Sandbox, SoftToken, StandIn, openssl, reply};

const ARN: &str = "arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/1-2";

fn configure(sandbox: &Sandbox, arn: &str, settings: &str) {
    sandbox.write("hsmcert.toml", format!("[ca.aws]\ntype = \"aws-pca\"\nca-arn = \"{arn}\"\ndays = 30\n{settings}\n"));
}

fn with_csr() -> Sandbox {
    let sandbox = Sandbox::new();
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem"];
    let request = ["-subj", "/CN=www.example.com", "-out", "request.csr.pem"];
    openssl(&sandbox.path(""), &[&["req", "-new"], &key[..], &request].concat());
    sandbox
}

/// `submit`, on a machine that is none of AWS's.
fn submit(mut command: assert_cmd::Command, variables: &[(&str, &str)]) -> Outcome {
    command.args(["submit", "request.csr.pem", "--ca", "aws", "--force", "-v"]);
    command.env("AWS_EC2_METADATA_DISABLED", "true").envs(variables.iter().copied());
    Outcome::of(&mut command)
}

#[test]
fn a_user_of_aws_has_a_certificate_issued() {
    let token = SoftToken::with_request();
    let moto = Moto::start(&token);
    configure(&token, &moto.account.arn, &format!("endpoint = \"{}\"", moto.url()));
    let (id, secret) = (moto.account.id.as_str(), moto.account.secret.as_str());
    let submit = |id: &str, secret: &str| {
        let variables = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)];
        let outcome = submit(token.hsmcert(), &variables);
        assert!(!outcome.stderr.contains(secret), "{}", outcome.stderr);
        outcome
    };
    let issued = submit(id, secret).ok().says("AWS credentials: the environment").stdout;
    assert!(issued.contains("issuer     CN=Example PCA Root") && issued.contains("DNS:example.com"), "{issued}");
    token.run(&["accept", "request.crt.pem"]).ok();
    // It is moto that compares the signature with AWS's own.
    submit(id, "s3cret/not+it").fails(11).says("SignatureDoesNotMatch");
    submit("AKIANOBODY", "s3cret/not+it").fails(11).says("InvalidClientTokenId");
    let nobody = moto.account.arn.replace("certificate-authority/", "certificate-authority/0");
    configure(&token, &nobody, &format!("endpoint = \"{}\"", moto.url()));
    submit(id, secret).fails(11).says("ResourceNotFoundException: Resource arn:aws:acm-pca:");
    configure(&token, "arn:aws:acm:eu-central-1:123456789012:certificate/7", "");
    submit(id, secret).fails(2).says("is none of arn:aws:acm-pca:REGION:ACCOUNT:certificate-authority/ID");
}

/// The services of machines and containers are stand-ins.
#[test]
fn credentials_are_found_where_aws_has_them() {
    let sandbox = with_csr();
    let moto = Moto::start(&sandbox);
    let (id, secret, endpoint) = (&moto.account.id, &moto.account.secret, format!("endpoint = \"{}\"", moto.url()));
    configure(&sandbox, &moto.account.arn, &endpoint);
    submit(sandbox.hsmcert(), &[]).fails(2).says("there are no AWS credentials in: the environment, a web identity");

    let keys = format!("aws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
    std::fs::create_dir(sandbox.folder().join("home/.aws")).unwrap();
    std::fs::write(sandbox.folder().join("home/.aws/credentials"), format!("[web]\n{keys}")).unwrap();
    submit(sandbox.hsmcert(), &[]).fails(2);
    submit(sandbox.hsmcert(), &[("AWS_PROFILE", "web")]).ok().says("credentials: the profile's keys");
    let names_itself = [("AWS_ACCESS_KEY_ID", "AKIANOBODY"), ("AWS_SECRET_ACCESS_KEY", "x")];
    configure(&sandbox, &moto.account.arn, &format!("{endpoint}\nprofile = \"web\""));
    submit(sandbox.hsmcert(), &names_itself).ok().says("credentials: the profile's keys");

    let printed = json!({ "Version": 1, "AccessKeyId": id, "SecretAccessKey": secret });
    sandbox.write("printed.json", printed.to_string());
    let process =
        "[profile helper]\ncredential_process = cat printed.json\n[profile broken]\ncredential_process = false";
    std::fs::write(sandbox.folder().join("home/.aws/config"), process).unwrap();
    configure(&sandbox, &moto.account.arn, &format!("{endpoint}\nprofile = \"helper\""));
    submit(sandbox.hsmcert(), &[]).ok().says("credentials: the profile's credential_process");
    configure(&sandbox, &moto.account.arn, &format!("{endpoint}\nprofile = \"broken\""));
    submit(sandbox.hsmcert(), &[]).fails(2).says("credential process failed with status 1");

    configure(&sandbox, &moto.account.arn, &endpoint);
    // STS calls the token by another name.
    let mut given = moto.account.session.clone();
    given["Token"] = given["SessionToken"].take();
    given["Code"] = "Success".into();
    let given = given.to_string();
    let container = given.clone();
    let container = StandIn::new(move |request: &Request| match request.header("Authorization") {
        Some("of-the-pod") => reply("200 OK", "", &container),
        _ => reply("401 Unauthorized", "", ""),
    });
    sandbox.write("pod-token", "of-the-pod\n");
    let address = format!("{}/v1/credentials", container.url());
    let variables =
        [("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*address), ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "pod-token")];
    submit(sandbox.hsmcert(), &variables).ok().says("credentials: the role of this container");
    let elsewhere = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://credentials.example.com/")];
    submit(sandbox.hsmcert(), &elsewhere).fails(2).says("neither encrypted nor of this machine");

    let machine = StandIn::new(move |request: &Request| {
        let asked = request.line.split(' ').take(2).collect::<Vec<_>>().join(" ");
        match (asked.as_str(), request.header("x-aws-ec2-metadata-token")) {
            ("PUT /latest/api/token", None) => reply("200 OK", "", "for-a-while"),
            ("GET /latest/meta-data/iam/security-credentials/", Some("for-a-while")) => reply("200 OK", "", "web"),
            ("GET /latest/meta-data/iam/security-credentials/web", Some("for-a-while")) => reply("200 OK", "", &given),
            _ => reply("404 Not Found", "", ""),
        }
    });
    let address = machine.url();
    let variables = [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &address)];
    submit(sandbox.hsmcert(), &variables).ok().says("credentials: the role of this EC2 instance");
}

/// As in EKS: a file with a token, STS, and AWS's own addresses, which moto plays as a proxy.
#[test]
fn a_web_identity_becomes_a_role() {
    let sandbox = with_csr();
    let moto = Moto::proxy(&sandbox);
    configure(&sandbox, &moto.account.arn, &format!("root = \"{}\"", Moto::root_of_proxy().display()));
    sandbox.write("jwt", "header.claims.signature");
    let proxy = moto.url();
    let web = [("AWS_ROLE_ARN", moto.account.role.as_str()), ("AWS_WEB_IDENTITY_TOKEN_FILE", "jwt")];
    let through = |file: &str| {
        let variables = [web[0], (web[1].0, file), ("https_proxy", &proxy)];
        submit(sandbox.hsmcert(), &variables)
    };
    let issued = through("jwt").ok().says("AWS credentials: a web identity");
    let issued = issued.says("POST https://acm-pca.eu-central-1.amazonaws.com/: 200 OK");
    assert!(issued.stdout.contains("CN=Example PCA Root"), "{}", issued.stdout);
    through("nothing")
        .fails(2)
        .says("no AWS credentials by a web identity: failed to read web identity token file: failed to open");
}

/// A stand-in for AWS, since moto issues at once and knows no load: the words are those of AWS's reference.
#[test]
fn an_order_in_the_making_is_fetched_later() {
    let token = SoftToken::with_request();
    let ready = std::sync::Arc::new(AtomicBool::new(false));
    let ca = support::Ca::new(token.folder(), "Example");
    let certificate = ca.issue(&token.path("request.csr.pem"));
    let is_ready = std::sync::Arc::clone(&ready);
    let aws = StandIn::new(move |request: &Request| {
        let json = |value: Value| reply("200 OK", "", value.to_string());
        match request.header("X-Amz-Target").unwrap() {
            "ACMPrivateCA.DescribeCertificateAuthority" => {
                let configuration = json!({ "SigningAlgorithm": "SHA384WITHECDSA" });
                json(json!({ "CertificateAuthority": { "CertificateAuthorityConfiguration": configuration } }))
            }
            "ACMPrivateCA.IssueCertificate" => json(json!({ "CertificateArn": format!("{ARN}/certificate/7") })),
            _ if is_ready.load(Ordering::SeqCst) => json(json!({ "Certificate": certificate })),
            _ => {
                let body = json!({ "__type": "RequestInProgressException", "message": "being issued" });
                reply("400 Bad Request", "", body.to_string())
            }
        }
    });
    configure(&token, ARN, &format!("endpoint = \"{}\"\ntemplate = \"EndEntityServerAuthCertificate/V1\"", aws.url()));
    let keys = [("AWS_ACCESS_KEY_ID", "AKIA1"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    submit(token.hsmcert(), &keys).fails(12).says("RequestInProgressException: being issued");
    ready.store(true, Ordering::SeqCst);
    submit(token.hsmcert(), &keys).ok();
    token.run(&["accept", "request.crt.pem"]).ok();

    let bodies = |action: &str| -> Vec<Value> {
        let seen = aws.seen().into_iter().filter(|request| request.header("X-Amz-Target").unwrap().ends_with(action));
        seen.map(|request| serde_json::from_slice(&request.body).unwrap()).collect()
    };
    let issued = bodies("IssueCertificate");
    assert_eq!(issued.len(), 1, "ordered twice");
    assert_eq!(issued[0]["SigningAlgorithm"], "SHA384WITHECDSA");
    assert_eq!(issued[0]["Validity"], json!({ "Type": "DAYS", "Value": 30 }));
    assert_eq!(issued[0]["TemplateArn"], "arn:aws:acm-pca:::template/EndEntityServerAuthCertificate/V1");
    assert_eq!(issued[0]["IdempotencyToken"].as_str().unwrap().len(), 36);
    assert!(bodies("GetCertificate").iter().all(|body| body["CertificateArn"] == format!("{ARN}/certificate/7")));
}

#[test]
fn a_service_under_load_is_asked_again_later() {
    let sandbox = with_csr();
    let aws = |status: &str, body: &str| {
        let aws = StandIn::always(status, "", body);
        configure(&sandbox, ARN, &format!("endpoint = \"{}\"\nsigning-algorithm = \"SHA256WITHRSA\"", aws.url()));
        submit(sandbox.hsmcert(), &[("AWS_ACCESS_KEY_ID", "AKIA1"), ("AWS_SECRET_ACCESS_KEY", "secret")]).fails(11)
    };
    let throttled = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
    aws("400 Bad Request", throttled).says("the CA cannot do it now: ThrottlingException: Rate exceeded");
    aws("500 Internal Server Error", "").says("the CA cannot do it now: 500");
    let denied =
        r#"{"__type":"AccessDeniedException","Message":"not authorized to perform: acm-pca:IssueCertificate"}"#;
    aws("400 Bad Request", denied).says("the CA refuses: AccessDeniedException: not authorized to perform");
    aws("200 OK", "<html>").says("not understood");
}
