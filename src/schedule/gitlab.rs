//! GitLab CI: a job for scheduled pipelines, on a runner of one's own.

use super::{Plan, Schedule, ScheduleFile, shell_line, yaml};

pub(super) fn schedule(plan: &Plan) -> Schedule {
    let words = plan.command(plan.pin_source.as_deref(), plan.state_folder.as_deref(), &[]);
    let command = yaml(&shell_line(&words));
    let text = format!(
        r#"# Renews certificates whose keys are in an HSM, in scheduled pipelines.
renew-certificates:
  # A runner of your own, with hsmcert and the module of the HSM. It keeps its folders from run to run.
  tags: [hsm]
  rules:
    - if: $CI_PIPELINE_SOURCE == "schedule"
    - if: $CI_PIPELINE_SOURCE == "web"
  # Two runs never work on the same keys.
  resource_group: hsmcert-renew
  timeout: 1h
  variables:
    # CSRs and certificates of earlier runs are beside the request files.
    GIT_CLEAN_FLAGS: none
  script:
    - {command}
  # 12: a CA has not decided yet.
  allow_failure:
    exit_codes: 12
  artifacts:
    when: always
    paths:
      - "**/*.fullchain.pem"
"#
    );
    let mut steps = vec![
        "register a runner with the tag hsm".to_owned(),
        format!("make a pipeline schedule with the interval {}", plan.twice_a_day()),
    ];
    if plan.pin_source.is_none() {
        steps.insert(0, "the PIN becomes the variable HSMCERT_PIN of the project, masked and protected".to_owned());
    }
    Schedule { files: vec![ScheduleFile { path: ".gitlab-ci.yml", text }], steps }
}
