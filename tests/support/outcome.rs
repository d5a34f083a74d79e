//! What a run of hsmcert ended with.

use assert_cmd::Command;
use serde_json::Value;

/// Exit code and output, as text.
#[derive(Debug)]
pub struct Outcome {
    command: String,
    /// `None`: ended by a signal.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    pub fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            command: format!("{command:?}"),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It must have worked.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    /// It must have failed with the code and its word (the table of exit codes), and have said so as every failure
    /// does: one `error:` on stderr, something to do next, nothing on stdout.
    #[track_caller]
    pub fn fails(self, code: i32) -> Self {
        let outcome = self.exits(code);
        assert_eq!(outcome.stdout, "", "a failure has no result\n{outcome:#?}");
        let errors = outcome.stderr.lines().filter(|line| line.starts_with("error: ")).count();
        assert!(errors >= 1, "no `error:` line\n{outcome:#?}");
        outcome
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "exit code of {}\n{}\n{}", self.command, self.stdout, self.stderr);
        self
    }

    /// Some line of stderr must hold this.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "`{text}` is not in:\n{}", self.stderr);
        self
    }

    /// stdout must be one JSON object with all that was said; stderr must hold nothing, or after a failure one object.
    /// (Some modules write to stderr by themselves, and `token list` asks every module of the machine.)
    #[track_caller]
    pub fn json(&self) -> Value {
        if self.code == Some(0) {
            let is_said =
                |line: &str| ["note: ", "warning: ", "error: ", "{"].iter().any(|mark| line.starts_with(mark));
            assert!(!self.stderr.lines().any(is_said), "{}\n{}", self.command, self.stderr);
        } else {
            object(&self.stderr);
        }
        let result = object(&self.stdout);
        assert!(result["warnings"].is_array() && result["notes"].is_array(), "{result:#}");
        result
    }

    /// stderr must be one JSON object, of an error with this word.
    #[track_caller]
    pub fn json_error(&self, word: &str) -> Value {
        let error = object(&self.stderr);
        assert_eq!(error["code"], word, "{error:#}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error:#}");
        assert!(error["causes"].is_array() && error["hints"].is_array(), "{error:#}");
        assert!(error["retryable"].is_boolean(), "{error:#}");
        assert!(error["warnings"].is_array() && error["notes"].is_array(), "{error:#}");
        error
    }
}

#[track_caller]
fn object(text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"));
    assert!(value.is_object(), "not an object:\n{text}");
    value
}
