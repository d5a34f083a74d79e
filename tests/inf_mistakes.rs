//! INF files whose authors meant something else: certreq does another thing without a word, or fails without telling why.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hsmcert::spec::{self, Diagnostic, Options};

const HEAD: &str = "[Version]\r\nSignature=\"$Windows NT$\"\r\n[NewRequest]\r\nSubject=\"CN=a.example\"\r\n";

/// What is said about these bytes: `line:column severity: message | what was expected -- repair`.
fn said(bytes: &[u8]) -> Vec<String> {
    let (source, diagnostics) = match spec::parse("a.inf", bytes, &Options::default()) {
        Ok(parsed) => (parsed.source, parsed.diagnostics),
        Err(invalid) => (invalid.source, invalid.diagnostics),
    };
    let line = |diagnostic: &Diagnostic| {
        let place = diagnostic.span.map(|span| source.position(span.start));
        let place = place.map(|(line, column)| format!("{line}:{column} ")).unwrap_or_default();
        let label = diagnostic.label.as_deref().map(|label| format!(" | {label}")).unwrap_or_default();
        let help = diagnostic.help.as_deref().map(|help| format!(" -- {help}")).unwrap_or_default();
        format!("{place}{}: {}{label}{help}", diagnostic.severity, diagnostic.message)
    };
    diagnostics.iter().map(line).collect()
}

/// All that is said about lines that follow the subject in line 4.
#[track_caller]
fn says(lines: &str, expected: &[&str]) {
    assert_eq!(said(format!("{HEAD}{lines}").as_bytes()), expected, "{lines}");
}

#[test]
fn line_ends_and_characters_that_nobody_sees() {
    let only = |bytes: &[u8], expected: &str| assert_eq!(said(bytes), [expected]);
    let old_macintosh = HEAD.replace("\r\n", "\r");
    only(
        old_macintosh.as_bytes(),
        "1:10 error: the lines of this file end with CR alone | expected LF or CR LF -- save it with line ends of Windows or Unix",
    );
    let twice = format!("\u{feff}\u{feff}{HEAD}");
    only(
        twice.as_bytes(),
        "1:1 error: a byte order mark inside of the file -- delete it: files were put together here, each with its own mark",
    );
    let utf32: Vec<u8> = format!("\u{feff}{HEAD}").chars().flat_map(|one| u32::from(one).to_le_bytes()).collect();
    only(&utf32, "error: the file is UTF-32, which neither certreq nor hsmcert reads -- save it as UTF-8");
    // certreq takes NUL for a blank.
    assert_eq!(said(HEAD.replace("[NewRequest]\r\n", "[NewRequest]\r\n\0 ").as_bytes()), [""; 0]);
    only(HEAD.replace("a.ex", "a\0.ex").as_bytes(), "4:14 error: a control character U+0000 in a value -- delete it");
    only(
        HEAD.replace("a.ex", "a\u{200b}.ex").as_bytes(),
        "4:14 warning: an invisible character U+200B | it becomes a part of the value -- delete it",
    );
    only(
        HEAD.replace("a.ex", "a\u{a0}.ex").as_bytes(),
        "4:14 note: a no-break space U+00A0 -- if it should be a blank, type one",
    );
    let goes_on = format!("{HEAD}\u{1a}\r\nKeyLength=4096\r\n");
    only(
        goes_on.as_bytes(),
        "5:1 warning: Ctrl-Z (U+001A) ends an INF | what follows does not count -- delete the character",
    );
    assert_eq!(said(format!("{HEAD}\u{1a}\0\r\n").as_bytes()), [""; 0]);
}

#[test]
fn what_a_line_takes_in_or_loses() {
    says(
        "KeyContainer = C:\\keys\\\nHashAlgorithm = sha384",
        &[
            "5:23 warning: `\\` at the end of a line joins the next line to it | `HashAlgorithm = sha384` becomes a part of this value -- put the value into quotes",
        ],
    );
    says("FriendlyName = one \\\n two", &[]);
    says(
        "KeyContainer = \"web ; of the shop",
        &["5:21 warning: the quote is not closed: the comment is a part of the value -- close it before the `;`"],
    );
    says("KeyContainer = \"web server", &[]);
    let subject = HEAD.replace("\"CN=a.example\"", "CN=a.example;O=Ex;C=US");
    assert_eq!(
        said(subject.as_bytes()),
        ["4:21 warning: `;` begins a comment: `O=Ex;C=US` does not count -- put the value into quotes"]
    );
    says("KeyUsage = 0x80; Digital", &[]);
}

#[test]
fn commas_in_the_place_of_other_signs() {
    says(
        "KeyUsage = CERT_DIGITAL_SIGNATURE_KEY_USAGE, CERT_KEY_ENCIPHERMENT_KEY_USAGE",
        &[
            "5:12 error: `KeyUsage` has 2 values, divided by commas | expected one value, in quotes -- write KeyUsage = \"CERT_DIGITAL_SIGNATURE_KEY_USAGE | CERT_KEY_ENCIPHERMENT_KEY_USAGE\"",
        ],
    );
    says(
        "KeyUsageProperty = NCRYPT_ALLOW_SIGNING_FLAG, NCRYPT_ALLOW_DECRYPT_FLAG",
        &[
            "5:20 error: `KeyUsageProperty` has 2 values, divided by commas | expected one value, in quotes -- write KeyUsageProperty = \"NCRYPT_ALLOW_SIGNING_FLAG | NCRYPT_ALLOW_DECRYPT_FLAG\"",
        ],
    );
    says(
        "X500NameFlags = CERT_NAME_STR_FORWARD, CERT_NAME_STR_SEMICOLON_FLAG",
        &[
            "5:17 error: `X500NameFlags` has 2 values, divided by commas | expected one value, in quotes -- write X500NameFlags = \"CERT_NAME_STR_FORWARD | CERT_NAME_STR_SEMICOLON_FLAG\"",
        ],
    );
    says(
        "KeyLength = 2,048",
        &[
            "5:13 error: `KeyLength` has 2 values, divided by commas | expected one value, in quotes -- write KeyLength = \"2048\"",
        ],
    );
    says(
        "KeyUsage = 0x80 + 0x20",
        &[
            "5:12 error: unknown key usage `0x80 + 0x20` | expected 0x80, or a name like CERT_DIGITAL_SIGNATURE_KEY_USAGE or digitalSignature; | between several",
        ],
    );
    says(
        "FriendlyName = “a, b”",
        &[
            "5:16 warning: a curly quote “ | it quotes nothing -- type the straight quote \"",
            "5:16 error: `FriendlyName` has 2 values, divided by commas | expected one value, in quotes -- write FriendlyName = \"a, b\"",
            "5:21 warning: a curly quote ” | it quotes nothing -- type the straight quote \"",
        ],
    );
}

#[test]
fn words_that_are_nearly_right() {
    says(
        "KeyAlgorithm = EC\nKeyLength = 256",
        &[
            "5:16 error: unknown key algorithm `EC`; did you mean `ECDSA_P256`? | expected RSA, ECDSA_P256, ECDSA_P384, ECDSA_P521, ECDH_P256, ECDH_P384, ECDH_P521, Ed25519, ML-DSA-44, ML-DSA-65, ML-DSA-87",
        ],
    );
    says(
        "KeySpec = KeyExchange",
        &[
            "5:11 error: unknown word `KeyExchange`; did you mean `AT_KEYEXCHANGE`? | expected 0, 1 (AT_KEYEXCHANGE) or 2 (AT_SIGNATURE)",
        ],
    );
    says(
        "RequestType = PKCS10-",
        &["5:15 error: unknown word `PKCS10-`; did you mean `PKCS10`? | expected PKCS10 or Cert"],
    );
    says("X500NameFlags = CERT_NAME_STR_NONE", &[]);
    says(
        "[EnhancedKeyUsageExtension]\nOID = 1.3.6.1.5.5.7.3.2 // client\nOID = Client Authentication\nOID =",
        &[
            "6:7 error: `1.3.6.1.5.5.7.3.2 // client` is not an object identifier | expected numbers with dots, for example 1.3.6.1.5.5.7.3.1 -- write 1.3.6.1.5.5.7.3.2 alone",
            "7:7 error: `Client Authentication` is not an object identifier | expected numbers with dots, for example 1.3.6.1.5.5.7.3.1 -- write 1.3.6.1.5.5.7.3.2 for Client Authentication",
            "8:6 error: no object identifier | expected numbers with dots, for example 1.3.6.1.5.5.7.3.1",
        ],
    );
    says(
        "[Extensions]\nCritical = SubjectAltName\n2.5.29.17 = \"{text}dns=a\"",
        &[
            "6:12 error: `SubjectAltName` is not an object identifier | expected numbers with dots, for example 1.3.6.1.5.5.7.3.1 -- write 2.5.29.17 for SubjectAltName",
        ],
    );
    says(
        "[Extensions]\nCritical = \"2.5.29.17 2.5.29.19\"",
        &[
            "6:13 error: `2.5.29.17 2.5.29.19` is not an object identifier | expected numbers with dots, for example 1.3.6.1.5.5.7.3.1 -- put commas between them: 2.5.29.17, 2.5.29.19",
        ],
    );
    says(
        "[Extensions]\n1.2.3 = \"!!\"",
        &["6:10 error: `!` is not a base64 digit | expected base64 with its `=` padding"],
    );
}

#[test]
fn values_over_two_lines() {
    says(
        "[Extensions]\n2.5.29.17 = \"{text}\"\n_continue_ = \"dns=a.example\"\n_continue_ = \"b.example&\"",
        &[
            "8:15 warning: one name over two lines: `a.exampleb.example` | is an & missing before this? -- end every name with &: dns=a.example&",
        ],
    );
    says(
        "[Extensions]\n2.5.29.17 = \"{text}\"\n_continue_ = \"url=http://a.example/\"\n_continue_ = \"dns=b.example&\"",
        &[
            "8:15 warning: one name over two lines: `http://a.example/dns=b.example` | is an & missing before this? -- end every name with &: url=http://a.example/&",
        ],
    );
    says(
        "[Extensions]\n2.5.29.37 = \"{text}\"\n_continue_ = \"1.3.6.1.5.5.7.3.1\"\n_continue_ = \"1.3.6.1.5.5.7.3.2\"",
        &["8:15 error: one usage over two lines: `1.3.6.1.5.5.7.3.11.3.6.1.5.5.7.3.2` | expected a comma before this"],
    );
    says(
        "[Extensions]\n2.5.29.17 = \"{text}1.2.3={octet}AQ\"\n_continue_ = \"ID&dns=a&\"\n_continue_ = \"dns=b\"",
        &[],
    );
}

#[test]
fn names_that_nobody_has() {
    says(
        "[Extensions]\n2.5.29.17 = \"{text}dns=%1&dns=$env:HOST&dns=a..example\"",
        &[
            "6:24 warning: DNS name `%1` looks like a placeholder that was not filled | no host has such a name",
            "6:31 warning: DNS name `$env:HOST` looks like a placeholder that was not filled | no host has such a name",
            "6:45 warning: DNS name `a..example` has an empty label | no host has such a name",
        ],
    );
}

#[test]
fn sections_with_unknown_keys_or_nothing() {
    says(
        "[NameConstraintsExtension]\nInclud = A",
        &[
            "5:2 error: [NameConstraintsExtension] constrains nothing -- add Include = Name, and a section [Name] with DNS = example.com",
            "6:1 warning: unknown key `Includ` in [NameConstraintsExtension]; did you mean `Include`?",
        ],
    );
    says(
        "[NameConstraintsExtension]\nCritical = TRUE",
        &[
            "5:2 error: [NameConstraintsExtension] constrains nothing -- add Include = Name, and a section [Name] with DNS = example.com",
        ],
    );
    says(
        "[PolicyStatementExtension]\nPolicies = A\nPolicis = B\n[A]\nOID = 1.2.3",
        &["7:1 warning: unknown key `Policis` in [PolicyStatementExtension]; did you mean `Policies`?"],
    );
    says(
        "[RequestAttributes]\nCertificateTemplate = A\nCertificateTemplate = B",
        &["7:1 warning: `CertificateTemplate` is given again | the first one counts"],
    );
    says(
        "KeyContainer = %a%\n[Strings]\na = %b%\nb = x",
        &[
            "5:16 warning: %b% in the value of `a` stays as it is | strings are replaced once -- write the value of `b` itself into `a`",
        ],
    );
}

#[test]
fn subjects_of_other_tools() {
    let said_of = |subject: &str| said(HEAD.replace("CN=a.example", subject).as_bytes());
    assert_eq!(
        said_of("CN=www/O=Example/C=US"),
        [
            "4:13 warning: `/O=` inside of the value of `CN` | this is one value -- if O is an attribute of its own, put a separator before it: , O="
        ]
    );
    assert_eq!(
        said_of("/C=US/CN=www"),
        ["4:10 error: `/C=` is written for OpenSSL -- write C=US, O=Example, CN=host.example, with commas between"]
    );
    assert_eq!(
        said_of("CN=a&O=Example"),
        [
            "4:13 warning: `&O=` inside of the value of `CN` | this is one value -- if O is an attribute of its own, put a separator before it: , O="
        ]
    );
    assert_eq!(
        said_of("CN=$env:COMPUTERNAME"),
        [
            "4:13 warning: `CN=$env:COMPUTERNAME` looks like a placeholder that was not filled | it stands in the request as it is"
        ]
    );
    assert_eq!(
        said_of("CN=a,organizationIdentifier=NTRDE-1"),
        ["4:15 error: unknown attribute type `organizationIdentifier` -- write 2.5.4.97 for organizationIdentifier"]
    );
}

#[test]
fn files_of_other_tools() {
    assert_eq!(
        said(b"[Version]\nNewRequest\nSubject = \"CN=a\"\n"),
        ["2:1 error: `NewRequest` is not a section without its brackets -- write [NewRequest]"]
    );
    assert_eq!(
        said(b"{NewRequest}\nSubject = \"CN=a\"\n"),
        ["1:1 error: not an INF: there is no [NewRequest] -- write [NewRequest]"]
    );
    assert_eq!(
        said(b"[req]\ndistinguished_name = dn\n"),
        [
            "error: no [NewRequest] in this file, which looks like a configuration of OpenSSL -- start from a template: `hsmcert template list`",
            "1:2 warning: unknown section [req] | nothing in it counts"
        ]
    );
}
