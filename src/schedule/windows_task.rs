//! Task Scheduler of Windows: an XML file for `schtasks /Create /XML`.
//!
//! "Task Scheduler Schema", Microsoft Learn. The elements stand in the order in which Windows exports them.

use super::{Plan, Schedule, ScheduleFile};
use crate::html;

const PIN: &str = r"C:\ProgramData\hsmcert\pin";
const STATE: &str = r"C:\ProgramData\hsmcert\state";

pub(super) fn schedule(plan: &Plan) -> Schedule {
    let pin = plan.pin_source.as_deref().unwrap_or(PIN);
    let words = plan.command(Some(pin), Some(plan.state_folder.as_deref().unwrap_or(STATE)), &["--quiet"]);
    let arguments = words[1..].iter().map(|each| word(each)).collect::<Vec<_>>().join(" ");
    let text = format!(
        r#"<?xml version="1.0"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Renews certificates whose keys are in an HSM, twice a day</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <Repetition>
        <Interval>PT12H</Interval>
        <Duration>P1D</Duration>
      </Repetition>
      <StartBoundary>2026-01-01T00:00:00</StartBoundary>
      <Enabled>true</Enabled>
      <RandomDelay>PT4H</RandomDelay>
      <ScheduleByDay>
        <DaysInterval>1</DaysInterval>
      </ScheduleByDay>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <!-- LocalSystem -->
      <UserId>S-1-5-18</UserId>
      <RunLevel>HighestAvailable</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <StartWhenAvailable>true</StartWhenAvailable>
    <RunOnlyIfNetworkAvailable>true</RunOnlyIfNetworkAvailable>
    <Enabled>true</Enabled>
    <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{program}</Command>
      <Arguments>{arguments}</Arguments>
    </Exec>
  </Actions>
</Task>
"#,
        program = html::escape(&plan.program),
        arguments = html::escape(&arguments),
    );
    let mut steps: Vec<_> = plan
        .pin_file(PIN)
        .map(|file| format!("the PIN goes to {file}, readable for SYSTEM and administrators alone"))
        .into_iter()
        .collect();
    steps.push("schtasks /Create /TN hsmcert-renew /XML hsmcert-renew.xml".to_owned());
    steps.push("try it: schtasks /Run /TN hsmcert-renew".to_owned());
    Schedule { files: vec![ScheduleFile { path: "hsmcert-renew.xml", text }], steps }
}

/// A word as the C runtime of Windows takes command lines apart ("Parsing C Command-Line Arguments", Microsoft Learn).
fn word(text: &str) -> String {
    if !text.is_empty() && !text.contains([' ', '\t', '"']) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for character in text.chars() {
        match character {
            '\\' => backslashes += 1,
            // Backslashes before a quote are doubled, and the quote gets one of its own.
            '"' => quoted.push_str(&"\\".repeat(backslashes + 1)),
            _ => {}
        }
        if character != '\\' {
            backslashes = 0;
        }
        quoted.push(character);
    }
    quoted.push_str(&"\\".repeat(backslashes));
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn words_are_quoted_as_the_c_runtime_reads_them() {
        assert_eq!(word(r"C:\sites\*.toml"), r"C:\sites\*.toml");
        assert_eq!(word(r"C:\my sites\"), r#""C:\my sites\\""#);
        assert_eq!(word(r#"a "b\" c"#), r#""a \"b\\\" c""#);
        assert_eq!(word(""), "\"\"");
    }
}
