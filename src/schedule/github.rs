//! GitHub Actions: a workflow for a runner of one's own, since no other one reaches the HSM.

use super::{Plan, Schedule, ScheduleFile, shell_line, yaml};

pub(super) fn schedule(plan: &Plan) -> Schedule {
    let words = plan.command(plan.pin_source.as_deref(), plan.state_folder.as_deref(), &["--exit-code"]);
    let (command, when) = (shell_line(&words), yaml(&plan.twice_a_day()));
    let pin = match plan.pin_source {
        None => "        env:\n          HSMCERT_PIN: ${{ secrets.HSM_PIN }}\n",
        Some(_) => "",
    };
    let text = format!(
        r###"# Renews certificates whose keys are in an HSM, twice a day.
name: Renew certificates
on:
  schedule:
    - cron: {when}
  workflow_dispatch:
# Two runs never work on the same keys.
concurrency:
  group: hsmcert-renew
  cancel-in-progress: false
permissions:
  contents: read
jobs:
  renew:
    # A runner of your own, with hsmcert and the module of the HSM. It keeps its folders from run to run.
    runs-on: [self-hosted, hsm]
    timeout-minutes: 60
    steps:
      - uses: actions/checkout@v4
        with:
          # CSRs and certificates of earlier runs are beside the request files.
          clean: false
      - name: Renew what is due
        id: renew
        shell: bash
{pin}        run: |
          code=0
          {command} > renewal.txt 2>&1 || code=$?
          cat renewal.txt
          {{ echo '### Certificates'; echo '```text'; cat renewal.txt; echo '```'; }} >> "$GITHUB_STEP_SUMMARY"
          case $code in
            0 | 12) echo "renewed=false" >> "$GITHUB_OUTPUT" ;;   # 12: a CA has not decided yet
            20) echo "renewed=true" >> "$GITHUB_OUTPUT" ;;
            *) exit "$code" ;;
          esac
      - name: Keep the certificates
        if: steps.renew.outputs.renewed == 'true'
        uses: actions/upload-artifact@v4
        with:
          name: certificates
          path: "**/*.fullchain.pem"
"###
    );
    let mut steps = vec!["register a runner with the label hsm".to_owned()];
    if plan.pin_source.is_none() {
        steps.insert(0, "the PIN becomes the secret HSM_PIN of the repository".to_owned());
    }
    Schedule { files: vec![ScheduleFile { path: ".github/workflows/hsmcert-renew.yml", text }], steps }
}
