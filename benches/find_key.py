#!/usr/bin/env python3
"""`hsmcert find-key` against `pkcs11-tool -O`, on one SoftHSM token, in one run.

usage: benches/find_key.py [PAIRS] [RUNS]      needs: softhsm2 opensc

The token holds EC pairs (two objects each), made by one process through SoftHSM's own functions. The commands take
turns, so that a busy machine slows all; times are medians and are compared as ratios. The calls are counted by the shim
in a run of their own.
"""
import ctypes, json, multiprocessing, os, statistics, subprocess, sys, tempfile, time
from pathlib import Path

PAIRS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
RUNS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
ROOT = Path(__file__).resolve().parent.parent
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "1234"

HSMCERT, SHIM = ROOT / "target/release/hsmcert", ROOT / "target/release/libpkcs11_shim.so"


class Token:
    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "tokens").mkdir()
        (self.folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
        self.env = {
            "PATH": os.environ["PATH"], "HOME": folder, "SOFTHSM2_CONF": f"{folder}/softhsm2.conf",
            "PKCS11_SHIM_MODULE": SOFTHSM, "PKCS11_SHIM_LOG": f"{folder}/calls",
            "HSMCERT_TOKEN": "bench", "HSMCERT_PIN": PIN,
        }
        self.run("softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", PIN, "--so-pin", "5678")

    def run(self, *command, **more):
        return subprocess.run(command, env=self.env | more, cwd=self.folder, check=True, capture_output=True, text=True)

    def tool(self, module, *arguments):
        return self.run("pkcs11-tool", "--module", module, "--token-label", "bench", "--login", "--pin", PIN, *arguments)


Ulong, Handle = ctypes.c_ulong, ctypes.c_ulong


class Attribute(ctypes.Structure):
    _fields_ = [("type", Ulong), ("value", ctypes.c_void_p), ("length", Ulong)]


class Mechanism(ctypes.Structure):
    _fields_ = [("mechanism", Ulong), ("parameter", ctypes.c_void_p), ("length", Ulong)]


def template(attributes):
    """The attributes, and what must live as long as they do."""
    buffers = [ctypes.create_string_buffer(value, len(value)) for _, value in attributes]
    made = [Attribute(kind, ctypes.cast(buffer, ctypes.c_void_p), len(value))
            for (kind, value), buffer in zip(attributes, buffers)]
    return (Attribute * len(made))(*made), buffers


def fill(configuration, pairs):
    """Runs in a process of its own, since SOFTHSM2_CONF is read once."""
    os.environ["SOFTHSM2_CONF"] = configuration
    module = ctypes.CDLL(SOFTHSM)

    def call(function, *arguments):
        result = getattr(module, function)(*arguments)
        assert result == 0, f"{function}: {result:#x}"

    call("C_Initialize", None)
    slots, count, session = (Ulong * 8)(), Ulong(8), Handle()
    call("C_GetSlotList", ctypes.c_ubyte(1), slots, ctypes.byref(count))
    call("C_OpenSession", Ulong(slots[0]), Ulong(0x6), None, None, ctypes.byref(session))
    call("C_Login", session, Ulong(1), PIN.encode(), Ulong(len(PIN)))
    true, p256 = b"\1", bytes.fromhex("06082a8648ce3d030107")
    for n in range(pairs):
        name = [(0x1, true), (0x3, b"key-%04d" % n), (0x102, n.to_bytes(4, "big"))]
        public, keep = template([*name, (0x180, p256), (0x10A, true)])
        private, kept = template([*name, (0x2, true), (0x103, true), (0x162, b"\0"), (0x108, true)])
        call("C_GenerateKeyPair", session, ctypes.byref(Mechanism(0x1040, None, 0)), public, Ulong(len(public)), private,
             Ulong(len(private)), ctypes.byref(Handle()), ctypes.byref(Handle()))
    call("C_Finalize", None)


def hsmcert(token, module, *arguments):
    return token.run(HSMCERT, "find-key", *arguments, HSMCERT_MODULE=str(module)).stdout


JOBS = [
    ("pkcs11-tool -O", lambda token, module: token.tool(module, "-O").stdout),
    ("hsmcert find-key", lambda token, module: hsmcert(token, module)),
    ("hsmcert find-key --objects", lambda token, module: hsmcert(token, module, "--objects")),
    ("hsmcert find-key --json", lambda token, module: hsmcert(token, module, "--json")),
    ("hsmcert find-key --label LABEL", lambda token, module: hsmcert(token, module, "--label", "key-0007")),
]


def memory(token, command):
    """Largest resident set in MiB."""
    code = ("import resource,subprocess,sys;subprocess.run(sys.argv[1:],check=True,capture_output=True);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    return int(token.run(sys.executable, "-c", code, *command, HSMCERT_MODULE=SOFTHSM).stdout) / 1024


def main():
    subprocess.run(["cargo", "build", "--quiet", "--release", "--bin", "hsmcert"], cwd=ROOT, check=True)
    subprocess.run(["cargo", "build", "--quiet", "--release", "--package", "pkcs11-shim"], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as top:
        token = Token(top)
        filling = multiprocessing.get_context("spawn").Process(target=fill, args=(token.env["SOFTHSM2_CONF"], PAIRS))
        filling.start()
        filling.join()
        objects = 2 * PAIRS
        count = json.loads(hsmcert(token, SOFTHSM, "--objects", "--count", "--json"))["count"]
        assert count == objects, f"{count} objects instead of {objects}"
        times = [[] for _ in JOBS]
        for _ in range(RUNS):
            for number, (_, job) in enumerate(JOBS):
                start = time.perf_counter()
                job(token, SOFTHSM)
                times[number].append(time.perf_counter() - start)
        base = statistics.median(times[0])
        print(f"{objects} objects, medians of {RUNS}")
        print(f"{'job':34} {'seconds':>8} {'ratio':>6} {'calls':>7} {'each':>6}")
        for (name, job), seconds in zip(JOBS, times):
            log = token.folder / "calls"
            log.unlink(missing_ok=True)
            job(token, SHIM)
            calls = len(log.read_text().splitlines())
            median = statistics.median(seconds)
            print(f"{name:34} {median:8.2f} {median / base:6.2f} {calls:7} {calls / objects:6.2f}")
        for name, command in [
            ("pkcs11-tool -O", ["pkcs11-tool", "--module", SOFTHSM, "--token-label", "bench", "--login", "--pin", PIN, "-O"]),
            ("hsmcert find-key", [HSMCERT, "find-key"]),
            ("hsmcert find-key --json", [HSMCERT, "find-key", "--json"]),
        ]:
            print(f"largest resident set of {name}: {memory(token, command):.1f} MiB")


if __name__ == "__main__":
    main()
