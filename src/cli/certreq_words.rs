//! certreq's spelling: `-new`, `-accept` and their options, in any case and before or after the verb.

use std::ffi::OsString;

use super::failure::Failure;

/// Words of certreq and what they are here.
const WORDS: &[(&str, &str)] = &[
    ("-f", "--force"),
    ("-q", "--quiet"),
    ("-v", "--verbose"),
    ("-machine", "--machine"),
    ("-user", "--user"),
    ("-binary", "--der"),
];
const VERBS: &[(&str, &str)] = &[("-new", "new"), ("-accept", "accept")];
/// Verbs that hsmcert has no counterpart for.
const OTHER_VERBS: &[&str] = &["-submit", "-retrieve", "-policy", "-sign", "-enroll", "-post"];
/// What word processors make of a hyphen.
const DASHES: [char; 5] = ['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}'];

/// Turns a command line in certreq's spelling into hsmcert's; any other one is returned as it is.
pub(super) fn normalise(arguments: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let lower: Vec<String> = arguments.iter().skip(1).map(|one| one.to_string_lossy().to_lowercase()).collect();
    if let Some(dashed) = lower.iter().find(|one| one.starts_with(DASHES)) {
        let plain = format!("-{}", dashed.trim_start_matches(DASHES));
        return Err(Failure::usage(format!("\"{dashed}\" begins with a typographic dash, as word processors make it"))
            .hint(format!("type it with a hyphen: {plain}")));
    }
    if let Some(verb) = lower.iter().find(|one| OTHER_VERBS.contains(&one.as_str())) {
        return Err(Failure::usage(format!("certreq's {verb} has no counterpart"))
            .hint("give the CSR to your CA by its own means; -new and -accept work as in certreq"));
    }
    let Some((position, verb)) = lower.iter().enumerate().find_map(|(position, one)| {
        let verb = VERBS.iter().find(|(spelling, _)| spelling == one)?;
        Some((position, verb.1))
    }) else {
        return Ok(arguments);
    };
    let mut normalised = Vec::with_capacity(arguments.len());
    normalised.extend(arguments.first().cloned());
    normalised.push(OsString::from(verb));
    for (index, argument) in arguments.into_iter().skip(1).enumerate() {
        if index != position {
            let word = lower.get(index).and_then(|lower| WORDS.iter().find(|(spelling, _)| spelling == lower));
            normalised.push(word.map_or(argument, |(_, here)| OsString::from(here)));
        }
    }
    Ok(normalised)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(line: &str) -> Result<String, Failure> {
        let arguments = line.split(' ').map(OsString::from).collect();
        Ok(normalise(arguments)?.join(" ".as_ref()).into_string().unwrap())
    }

    #[test]
    fn options_stand_before_or_after_the_verb_in_any_case() {
        let expected = "hsmcert new --force --quiet --machine a.inf a.csr";
        assert_eq!(normalised("hsmcert -f -Q -machine -New a.inf a.csr").unwrap(), expected);
        assert_eq!(normalised("hsmcert -new -f -q -MACHINE a.inf a.csr").unwrap(), expected);
        assert_eq!(normalised("hsmcert -accept a.crt").unwrap(), "hsmcert accept a.crt");
    }

    #[test]
    fn other_command_lines_stay_as_they_are() {
        assert_eq!(normalised("hsmcert new -q a.inf").unwrap(), "hsmcert new -q a.inf");
    }

    #[test]
    fn a_typographic_dash_is_told() {
        assert!(normalised("hsmcert \u{2013}new a.inf").is_err());
    }
}
