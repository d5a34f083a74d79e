#!/usr/bin/env python3
"""`hsmcert renew` of a fleet of which nothing is due: time, memory, and the PKCS#11 calls, which must be none.

usage: benches/renew.py [SITES] [RUNS]      needs: softhsm2

SITES request files (500) are first renewed by the throw-away CA, with EC keys on one SoftHSM token and one login; that
time is told too. Then nothing is due. A quarter and half of the files show whether the time grows with their number only.
"""
import os, resource, statistics, subprocess, sys, tempfile, time
from pathlib import Path

SITES = int(sys.argv[1]) if len(sys.argv) > 1 else 500
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 20
ROOT = Path(__file__).resolve().parent.parent
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PACKAGES = ["--package", "hsmcert", "--package", "pkcs11-shim"]
subprocess.run(["cargo", "build", "--quiet", "--release", *PACKAGES], cwd=ROOT, check=True)
HSMCERT, SHIM = ROOT / "target/release/hsmcert", ROOT / "target/release/libpkcs11_shim.so"


def spec(number):
    return (f"san.dns = ['www{number}.example.com', 'example{number}.com']\n[key]\nalgorithm = 'ecdsa'\n"
            f"[renewal]\nca = 'dev'\ndeploy = [{{ command = ['true'] }}]\n")


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    for part in ["tokens", "sites"]:
        (folder / part).mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    specs = [f"site{number:04}.toml" for number in range(SITES)]
    for number, path in enumerate(specs):
        (folder / "sites" / path).write_text(spec(number))
    env = {"PATH": os.environ["PATH"], "HOME": name, "SOFTHSM2_CONF": f"{folder}/softhsm2.conf",
           "HSMCERT_MODULE": str(SHIM), "PKCS11_SHIM_MODULE": SOFTHSM, "PKCS11_SHIM_LOG": f"{folder}/calls",
           "HSMCERT_TOKEN": "bench", "HSMCERT_PIN": "1234"}
    log = folder / "calls"
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", "1234", "--so-pin", "5678"],
                   env=env, check=True, capture_output=True)

    def renew(count, expected):
        """Seconds and MiB of one run."""
        start = time.perf_counter()
        process = subprocess.Popen([HSMCERT, "renew", *specs[:count]], cwd=folder / "sites", env=env,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        text, errors = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        assert status == 0 and text.count(expected) == count, errors + text[:2000]
        return seconds, usage.ru_maxrss / 1024

    seconds, _ = renew(SITES, ": renewed by dev: ")
    print(f"all {SITES} renewed: {seconds:.1f} s, {log.read_text().count('C_Login ')} login")
    log.unlink()
    print(f"{'none of them due':24} {'ms':>8} {'MiB':>6}   (medians of {RUNS})")
    for count in [SITES // 4, SITES // 2, SITES]:
        runs = [renew(count, ": not due: ") for _ in range(RUNS)]
        ms, memory = statistics.median(run[0] for run in runs) * 1000, max(run[1] for run in runs)
        print(f"{f'{count} request files':24} {ms:8.1f} {memory:6.1f}")
    print(f"PKCS#11 calls in all of these runs: {len(log.read_text().splitlines()) if log.exists() else 0}")
    print("target: 500 request files in under 2 s, without a login")
