#!/usr/bin/env python3
"""`hsmcert lint` on large request files: time and memory, and whether both grow with the size only.

usage: benches/lint.py [RUNS]

An INF and a TOML with 2,500 to 20,000 names; the INF with 10,000 names has 1 MB. No peer outside Windows reads this
language, so the ratio that counts is that to half the size: 2 is linear. The process start alone is in the first line.
"""
import os, resource, statistics, subprocess, sys, tempfile, time
from pathlib import Path

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
ROOT = Path(__file__).resolve().parent.parent
subprocess.run(["cargo", "build", "--quiet", "--release", "--bin", "hsmcert"], cwd=ROOT, check=True)
HSMCERT = ROOT / "target/release/hsmcert"
# About 93 bytes for each name: 10,000 of them are near 1 MB.
NAME = "host{:05}.department-of-long-names.branch-office.subsidiary.example.com"


def inf(count):
    lines = "".join(f'_continue_ = "dns={NAME.format(n)}&"\r\n' for n in range(count))
    return (f'[Version]\r\nSignature = "$Windows NT$"\r\n[NewRequest]\r\nSubject = "CN=example.com"\r\n'
            f'KeyLength = 2048\r\n[Extensions]\r\n2.5.29.17 = "{{text}}"\r\n{lines}')


def toml(count):
    names = "".join(f'  "{NAME.format(n)}",\n' for n in range(count))
    return f'[subject]\ncn = "example.com"\n[san]\ndns = [\n{names}]\n'


def measure(arguments, folder):
    times, memory = [], 0
    for _ in range(RUNS):
        start = time.perf_counter()
        process = subprocess.Popen([HSMCERT, *arguments], cwd=folder, env={"HOME": folder, "HSMCERT_MODULE": "/none"},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        times.append((time.perf_counter() - start) * 1000)
        assert status == 0, arguments
        memory = max(memory, usage.ru_maxrss)
    return statistics.median(times), memory / 1024


with tempfile.TemporaryDirectory() as folder:
    print(f"{'file':24} {'KB':>6} {'ms':>8} {'to half':>8} {'MiB':>6}   (medians of {RUNS})")
    print(f"{'hsmcert --version':24} {'':6} {measure(['--version'], folder)[0]:8.1f}")
    for language, make in [("inf", inf), ("toml", toml)]:
        before = None
        for count in [2500, 5000, 10000, 20000]:
            path = Path(folder) / f"{count}.{language}"
            path.write_text(make(count), newline="")
            ms, memory = measure(["lint", path.name], folder)
            ratio = f"{ms / before:8.2f}" if before else " " * 8
            print(f"{f'{language}, {count} names':24} {path.stat().st_size // 1024:6} {ms:8.1f} {ratio} {memory:6.1f}")
            before = ms
    print("target: an INF with 10,000 names (1 MB) in under 100 ms and 50 MB")
