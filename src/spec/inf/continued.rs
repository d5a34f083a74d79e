//! `_continue_`: values that go on over several entries.

use super::super::Diagnostic;
use super::lines::{Entry, Section};
use super::text::Text;

/// An entry with all that continues it.
pub(super) struct Continued<'a> {
    pub(super) entry: &'a Entry,
    pub(super) text: Text,
}

/// The entries of a section. Each `_continue_` is added, with nothing between, to the nearest entry before it that is
/// not `Critical`.
pub(super) fn read<'a>(section: &'a Section, problems: &mut Vec<Diagnostic>) -> Vec<Continued<'a>> {
    let mut values: Vec<Continued<'a>> = Vec::new();
    let mut open = None;
    for entry in &section.entries {
        let continues = entry.is("_continue_");
        if entry.bare || (entry.fields.len() > 1 && !entry.is("Critical")) {
            problems.push(doubtful(entry));
        }
        if entry.bare {
            continue;
        }
        match open.and_then(|index: usize| values.get_mut(index)).filter(|_| continues) {
            Some(value) => {
                value.text.mark_seam();
                add(&mut value.text, entry);
            }
            None if continues => {
                let problem =
                    Diagnostic::warning("`_continue_` has nothing before it to continue", Some(entry.key_span()));
                problems.push(
                    problem
                        .expecting("it does not count")
                        .help(format!("put it behind an entry like 2.5.29.17 = \"{{text}}\" of [{}]", section.name)),
                );
            }
            None => {
                let mut text = Text::new(entry.values_span().start);
                add(&mut text, entry);
                if !entry.is("Critical") {
                    open = Some(values.len());
                }
                values.push(Continued { entry, text });
            }
        }
    }
    values
}

/// Fields that an unquoted comma divided belong together.
fn add(text: &mut Text, entry: &Entry) {
    for (index, field) in entry.fields.iter().enumerate() {
        if index > 0 {
            text.push_replacement(",", field.whole().span());
        }
        text.push_fragment(field.whole());
    }
}

fn doubtful(entry: &Entry) -> Diagnostic {
    let key = entry.key_str();
    if entry.key.is_none() {
        return Diagnostic::error("an entry without `=`", Some(entry.values_span())).expecting("expected key = value");
    }
    if !entry.bare {
        let problem = Diagnostic::warning(format!("a comma outside of quotes in the value of `{key}`"), None);
        return problem.at(entry.values_span()).help("put the value into quotes");
    }
    let problem = Diagnostic::error(format!("`{key}` without a value"), Some(entry.key_span()));
    if key.starts_with(['#', '/']) {
        return problem.help("begin comments with `;`");
    }
    problem.expecting("expected `=` and a value")
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn values_are_joined_with_nothing_between() {
        let (sections, _) = lines::read(
            "[e]\n_continue_=x\n1.2=\"{text}\"\n _CONTINUE_ = \"a&\"\nCritical=1.2\n_continue_ = b,c\n1.3=d\n#note\n",
        );
        let mut problems = Vec::new();
        let values = read(&sections[0], &mut problems);
        let texts: Vec<_> = values.iter().map(|value| (value.entry.key_str(), value.text.as_str())).collect();
        assert_eq!(texts, [("1.2", "{text}a&b,c"), ("Critical", "1.2"), ("1.3", "d")]);
        let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert!(messages[0].contains("nothing before it"));
    }
}
