//! Values that the library lists with their names, as arguments of the command line.

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Takes the names of the list and no others.
pub(super) fn parser<T: Copy + Send + Sync + 'static>(
    all: &'static [(T, &'static str)],
) -> impl TypedValueParser<Value = T> {
    // The first one is never the answer: clap lets no other name through.
    let by_name = move |name: String| all.iter().find(|(_, known)| *known == name).map_or(all[0].0, |(one, _)| *one);
    PossibleValuesParser::new(names(all)).map(by_name)
}

/// All names.
pub(super) fn names<T: Copy>(all: &[(T, &'static str)]) -> Vec<&'static str> {
    all.iter().map(|(_, name)| *name).collect()
}
