//! What a page of the web enrolment says. Numbers are in its links; all else is in the words of an English server.

use super::super::http::plain;

/// What became of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its certificate can be fetched by this number.
    Issued(String),
    /// A person decides.
    Pending(String),
    /// In the CA's words.
    Denied(String),
}

/// A page.
pub(super) struct Page {
    html: String,
}

impl Page {
    pub(super) fn new(body: &[u8]) -> Self {
        Self { html: String::from_utf8_lossy(body).into_owned() }
    }

    /// What `certfnsh.asp` answers.
    pub(super) fn fate(&self) -> Option<Fate> {
        if let Some(number) = number(after(&self.html, "certnew.cer?ReqID=")) {
            return Some(Fate::Issued(number));
        }
        let text = self.text();
        match number(after(&text, "Your Request Id is ")) {
            Some(number) => Some(Fate::Pending(number)),
            None => self.disposition().map(Fate::Denied),
        }
    }

    /// The CA's reason, on both kinds of pages.
    pub(super) fn disposition(&self) -> Option<String> {
        let text = self.text();
        if let Some(quoted) = after(&text, "The disposition message is \"") {
            // The message may quote something itself.
            let end = quoted.find("\".").or_else(|| quoted.find('"'));
            return Some(end.map_or(quoted, |end| &quoted[..end]).trim().to_owned());
        }
        let rest = without_tags(after(&self.html, "Disposition message:")?);
        rest.lines().map(plain).find(|line| !line.is_empty())
    }

    pub(super) fn is_under_submission(&self) -> bool {
        self.html.to_ascii_lowercase().contains("taken under submission")
    }

    /// What a reader sees, in one line.
    pub(super) fn text(&self) -> String {
        plain(&without_tags(&self.html))
    }
}

fn after<'a>(text: &'a str, marker: &str) -> Option<&'a str> {
    text.find(marker).map(|start| &text[start + marker.len()..])
}

/// The digits that a text begins with.
fn number(text: Option<&str>) -> Option<String> {
    let digits: String = text?.chars().take_while(char::is_ascii_digit).collect();
    Some(digits).filter(|digits| !digits.is_empty())
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    for (index, piece) in html.split('<').enumerate() {
        let shown = if index == 0 { piece } else { piece.split_once('>').map_or("", |(_, shown)| shown) };
        text.push(' ');
        text.push_str(shown);
    }
    let entities = [("&nbsp;", " "), ("&quot;", "\""), ("&#34;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    entities.iter().fold(text, |text, (entity, character)| text.replace(entity, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_tells_the_fate_of_a_request() {
        let fate = |html: &str| Page::new(html.as_bytes()).fate();
        let link = "<A Href=\"certnew.cer?ReqID=17&amp;Enc=b64\">Download</A>";
        assert_eq!(fate(link), Some(Fate::Issued("17".to_owned())));
        let waits = "<B>Certificate Pending</B><P>Your Request Id is 42.</P>";
        assert_eq!(fate(waits), Some(Fate::Pending("42".to_owned())));
        let denied =
            "The disposition message is \"Denied by Policy Module, policy: &quot;Web&quot;. \r\n\".<BR>Contact";
        assert!(matches!(fate(denied), Some(Fate::Denied(message)) if message.starts_with("Denied by Policy Module")));
        assert_eq!(fate("<html>Welcome"), None);
        assert_eq!(fate("certnew.cer?ReqID=CACert"), None);
    }

    #[test]
    fn a_disposition_is_the_next_line_with_words() {
        let page = Page::new(b"<TD>Disposition message:</TD>\r\n\t\tTaken Under Submission\r\n<TD>x");
        assert_eq!(page.disposition().as_deref(), Some("Taken Under Submission"));
        assert!(page.is_under_submission());
    }
}
