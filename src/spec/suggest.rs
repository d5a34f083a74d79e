//! The nearest valid word.

/// Longer words are no typing errors, and comparing costs time in the product of the lengths.
const LONGEST: usize = 64;

/// The candidate that `word` was most likely meant to be, case aside; `None` when nothing is near.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase();
    let length = word.chars().count();
    let allowed = (length / 3).max(1);
    let distance = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        // A word cut short (`EnhancedKeyUsage`) is nearer than its length says.
        let shortened = word.len() >= 4 && (candidate.starts_with(&word) || word.starts_with(&candidate));
        let too_far = candidate.chars().count().abs_diff(length) > allowed;
        match (shortened, too_far) {
            (true, _) => 1,
            (false, true) => usize::MAX,
            (false, false) => strsim::damerau_levenshtein(&word, &candidate),
        }
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// ``; did you mean `X`?``, or nothing: the end of a message about an unknown word.
pub(super) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_typing_errors_and_cut_words() {
        let keys = ["Subject", "KeyLength", "KeyUsage", "EnhancedKeyUsageExtension"];
        assert_eq!(nearest("Subjetc", keys), Some("Subject"));
        assert_eq!(nearest("keylenght", keys), Some("KeyLength"));
        assert_eq!(nearest("EnhancedKeyUsage", keys), Some("EnhancedKeyUsageExtension"));
    }

    #[test]
    fn a_quite_different_word_has_no_neighbour() {
        assert_eq!(nearest("Colour", ["Subject", "KeyLength"]), None);
        assert_eq!(nearest("x", ["CN"]), None);
        assert_eq!(nearest(&"Subject".repeat(20), ["Subject"]), None);
    }
}
