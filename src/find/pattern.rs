//! What a user types to name several things at once.

use std::str::FromStr;

use wildmatch::WildMatch;

/// A text with `*` for any characters and `?` for one; without them it is the text itself.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    exact: WildMatch,
    any_case: WildMatch,
}

impl FromStr for Pattern {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (exact, any_case) = (WildMatch::new(text), WildMatch::new_case_insensitive(text));
        Ok(Self { text: text.to_owned(), exact, any_case })
    }
}

impl Pattern {
    /// The text, when it has no wildcard, so that a token can search for it.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        Some(self.text.as_str()).filter(|text| !text.contains(['*', '?']))
    }

    /// Whether a label fits: labels differ by case.
    #[must_use]
    pub fn fits(&self, label: &str) -> bool {
        self.exact.matches(label)
    }

    /// Whether a name fits: names do not differ by case (RFC 5280, 7.1).
    #[must_use]
    pub fn fits_any_case(&self, name: &str) -> bool {
        self.any_case.matches(name)
    }
}

/// `RSA`, `RSA-2048`, `EC`, `P-256`, `EC P-256`, in any case, with or without blanks and hyphens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlgorithmPattern(String);

impl FromStr for AlgorithmPattern {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(plain(text)))
    }
}

impl AlgorithmPattern {
    /// Whether an algorithm, in hsmcert's words, is meant.
    #[must_use]
    pub fn fits(&self, algorithm: &str) -> bool {
        let (family, size) = algorithm.split_once(' ').unwrap_or((algorithm, ""));
        let family = family.trim_end_matches(|last: char| last.is_ascii_digit() || last == '-');
        [algorithm, family, size].iter().any(|part| !part.is_empty() && plain(part) == self.0)
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|character| character.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_by_family_size_or_both() {
        let fits = |pattern: &str, algorithm| AlgorithmPattern(plain(pattern)).fits(algorithm);
        for (pattern, algorithm) in [
            ("rsa", "RSA-2048"),
            ("RSA 2048", "RSA-2048"),
            ("ec", "EC P-256"),
            ("p256", "EC P-256"),
            ("EC P-256", "EC P-256"),
            ("ml-dsa", "ML-DSA-44"),
            ("aes", "AES"),
        ] {
            assert!(fits(pattern, algorithm), "{pattern} {algorithm}");
        }
        assert!(!fits("rsa2048", "RSA-3072") && !fits("p384", "EC P-256") && !fits("", "AES"));
    }

    #[test]
    fn only_a_text_without_wildcards_can_be_searched_for() {
        let pattern = |text: &str| Pattern::from_str(text).unwrap();
        assert_eq!(pattern("www.example.com").literal(), Some("www.example.com"));
        assert_eq!(pattern("*.example.com").literal(), None);
        assert!(pattern("*.example.com").fits("www.example.com") && !pattern("WWW*").fits("www"));
    }
}
