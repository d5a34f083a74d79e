#!/usr/bin/env python3
"""Many requests on one token, new or accepted: one run for all, one run after the other, and one run on a single core.

usage: benches/fleet.py [RUNS] [REQUESTS] [--ec] [--accept]      needs: softhsm2

RSA-2048 by default would measure luck in the search for primes, so keys are EC P-384 where `--ec` is given. The ratio that
counts is the same run on one core (taskset) against all cores: what the further sessions are worth. With `--accept` the
certificates of such requests are accepted, by the throw-away CA.
"""
import os, statistics, subprocess, sys, tempfile, time
from pathlib import Path

NUMBERS = [int(word) for word in sys.argv[1:] if word.isdigit()]
RUNS, REQUESTS = (NUMBERS + [5, 100][len(NUMBERS):])[:2]
KEY = '[key]\nalgorithm = "ecdsa"\ncurve = "p384"\n' if "--ec" in sys.argv else ""
ROOT = Path(__file__).resolve().parent.parent
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"

subprocess.run(["cargo", "build", "--quiet", "--release", "--bin", "hsmcert"], cwd=ROOT, check=True)
HSMCERT = ROOT / "target/release/hsmcert"


def token(folder):
    """A fresh token with the request files."""
    for name in ["tokens", "sites", "csrs"]:
        (folder / name).mkdir(parents=True)
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "SOFTHSM2_CONF": f"{folder}/softhsm2.conf",
        "HSMCERT_MODULE": SOFTHSM, "HSMCERT_TOKEN": "bench", "HSMCERT_PIN": "1234",
    }
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", "1234", "--so-pin", "5678"],
                   env=environment, check=True, capture_output=True)
    for n in range(REQUESTS):
        name = f"w{n}.example.com"
        (folder / f"sites/w{n}.toml").write_text(f'[subject]\ncn = "{name}"\n[san]\ndns = ["{name}"]\n{KEY}')
    return environment


def in_one_run(folder, environment, prefix=()):
    subprocess.run([*prefix, HSMCERT, "new", "sites/*.toml", "--out-dir", "csrs"], env=environment, cwd=folder, check=True,
                   capture_output=True)


def one_after_the_other(folder, environment):
    for n in range(REQUESTS):
        subprocess.run([HSMCERT, "new", f"sites/w{n}.toml", f"csrs/w{n}.csr.pem"], env=environment, cwd=folder, check=True,
                       capture_output=True)


def certify(folder, environment):
    """What is accepted: requests and certificates."""
    in_one_run(folder, environment)
    (folder / "certs").mkdir()
    for n in range(REQUESTS):
        subprocess.run([HSMCERT, "dev-ca", f"csrs/w{n}.csr.pem", f"certs/w{n}.crt.pem"], env=environment, cwd=folder,
                       check=True, capture_output=True)


def accept(folder, environment, certificates):
    subprocess.run([HSMCERT, "accept", *certificates], env=environment, cwd=folder, check=True, capture_output=True)


def accept_one_after_the_other(folder, environment):
    for n in range(REQUESTS):
        accept(folder, environment, [f"certs/w{n}.crt.pem"])


ACCEPT = "--accept" in sys.argv
JOBS = {
    "one run": lambda *where: accept(*where, ["certs/*.crt.pem"]),
    f"{REQUESTS} runs, one after the other": accept_one_after_the_other,
} if ACCEPT else {
    "one run, all cores": in_one_run,
    "one run, one core": lambda *where: in_one_run(*where, prefix=("taskset", "-c", "0")),
    f"{REQUESTS} runs, one after the other": one_after_the_other,
}
figures = {name: [] for name in JOBS}
for _ in range(RUNS):
    for name, job in JOBS.items():
        with tempfile.TemporaryDirectory() as top:
            folder = Path(top) / "token"
            environment = token(folder)
            if ACCEPT:
                certify(folder, environment)
            start = time.perf_counter()
            job(folder, environment)
            figures[name].append(time.perf_counter() - start)
            made = (folder / "certs").glob("*.fullchain.pem") if ACCEPT else (folder / "csrs").iterdir()
            assert len(list(made)) == REQUESTS
best = statistics.median(next(iter(figures.values())))
print(f"{REQUESTS} {'certificates' if ACCEPT else 'requests'}, medians of {RUNS}")
for name, times in figures.items():
    median = statistics.median(times)
    print(f"{name:34} {median:7.2f} s   {median / best:5.2f}")
