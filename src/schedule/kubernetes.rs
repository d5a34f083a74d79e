//! Kubernetes: a `CronJob` with the module of the node, the PIN as a secret, and a volume for what is remembered.

use super::{Plan, Schedule, ScheduleFile, yaml};

const PIN: &str = "/run/secrets/hsmcert/pin";
const STATE: &str = "/data/state";

pub(super) fn schedule(plan: &Plan) -> Schedule {
    let pin = plan.pin_source.as_deref().unwrap_or(PIN);
    let words = plan.command(Some(pin), Some(plan.state_folder.as_deref().unwrap_or(STATE)), &[]);
    let command: String = words.iter().map(|word| format!("                - {}\n", yaml(word))).collect();
    let when = yaml(&plan.twice_a_day());
    let (module_mount, module_volume) = match plan.module_folder.as_deref().map(yaml) {
        None => (String::new(), String::new()),
        Some(folder) => (
            format!(
                "                - name: module\n                  mountPath: {folder}\n                  readOnly: true\n"
            ),
            format!(
                "            - name: module\n              hostPath:\n                path: {folder}\n                type: Directory\n"
            ),
        ),
    };
    let text = format!(
        r#"# Renews certificates whose keys are in an HSM, twice a day.
apiVersion: batch/v1
kind: CronJob
metadata:
  name: hsmcert-renew
spec:
  schedule: {when}
  # Two runs never work on the same keys.
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      # A run that failed is finished by the next one. So is one that ended with 12, for which the Job counts as failed:
      # a CA has not decided yet.
      backoffLimit: 0
      activeDeadlineSeconds: 3600
      template:
        spec:
          restartPolicy: Never
          automountServiceAccountToken: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 65532
            runAsGroup: 65532
            fsGroup: 65532
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: hsmcert
              # An image of your own with hsmcert in it.
              image: registry.example.com/hsmcert:0.1.0
              command:
{command}              env:
                # Accounts at CAs are in /data/hsmcert/ca.
                - name: XDG_DATA_HOME
                  value: /data
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities:
                  drop: [ALL]
              volumeMounts:
                - name: data
                  mountPath: /data
                - name: pin
                  mountPath: /run/secrets/hsmcert
                  readOnly: true
                - name: tmp
                  mountPath: /tmp
{module_mount}          volumes:
            # Request files, certificates (/data/sites) and what is remembered (/data/state).
            - name: data
              persistentVolumeClaim:
                claimName: hsmcert
            - name: pin
              secret:
                secretName: hsmcert-pin
                defaultMode: 0400
            - name: tmp
              emptyDir: {{}}
{module_volume}---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: hsmcert
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 100Mi
"#
    );
    let steps = vec![
        "put an image with hsmcert in it in the place of registry.example.com/hsmcert".to_owned(),
        "kubectl create secret generic hsmcert-pin --from-file=pin".to_owned(),
        "kubectl apply -f hsmcert-renew.yaml".to_owned(),
        "try it: kubectl create job --from=cronjob/hsmcert-renew hsmcert-renew-now".to_owned(),
    ];
    Schedule { files: vec![ScheduleFile { path: "hsmcert-renew.yaml", text }], steps }
}
