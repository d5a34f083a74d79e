#!/usr/bin/env python3
"""The start of hsmcert: `--help` and `--version` against /bin/true, in turn, and the size of the program.

usage: benches/start.py [RUNS] [PROGRAM]

/bin/true is what this machine takes for any process at all, and the ratio to it is what can be compared on a busy one.
"""
import statistics, subprocess, sys, tempfile, time
from pathlib import Path

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
ROOT = Path(__file__).resolve().parent.parent
if len(sys.argv) > 2:
    HSMCERT = Path(sys.argv[2]).resolve()
else:
    subprocess.run(["cargo", "build", "--quiet", "--release", "--bin", "hsmcert"], cwd=ROOT, check=True)
    HSMCERT = ROOT / "target/release/hsmcert"

commands = {"/bin/true": ["/bin/true"], "hsmcert --version": [HSMCERT, "--version"], "hsmcert --help": [HSMCERT, "--help"]}
times = {name: [] for name in commands}
with tempfile.TemporaryDirectory() as folder:
    for _ in range(RUNS):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=folder, env={"HOME": folder}, stdout=subprocess.DEVNULL, check=True)
            times[name].append((time.perf_counter() - start) * 1000)

print(f"{'start':20} {'median':>8} {'best':>8} {'more than /bin/true':>20}")
nothing = statistics.median(times["/bin/true"])
for name, each in times.items():
    print(f"{name:20} {statistics.median(each):5.2f} ms {min(each):5.2f} ms {statistics.median(each) - nothing:17.2f} ms")
print(f"{HSMCERT.stat().st_size / 1e6:.2f} MB")
print("target: --help in under 10 ms, the program under 12 MB")
