#!/usr/bin/env python3
"""`hsmcert find-key` against `pkcs11-tool -O`, on SoftHSM tokens with EC pairs (two objects each).

usage: benches/find_key.py [compare] [scale] [process] [network] [--pairs N] [--runs N] [--sizes N,N,...]
                           [--network-pairs N]
needs: softhsm2 opensc openssl time; for process also p11-kit p11-kit-modules

compare   one token, all jobs in turns, so that a busy machine slows all: medians, compared as ratios; the calls are
          counted by the shim in a run of their own; memory
scale     tokens with more and more pairs, every second one with a certificate: processor time (the least of all runs),
          calls and memory. SoftHSM reads all objects at its start and keeps them; what the listing itself takes, "own",
          is the difference to a search for one label
process   the same tokens in another process, p11-kit's server, where SoftHSM's objects are then: wall time, and the
          memory that each program takes for itself
network   every call takes 2 ms longer, as over a network

Without a word all four are done.
"""
import argparse, contextlib, ctypes, glob, json, multiprocessing, os, re, shutil, statistics, subprocess, sys, tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "1234"
HSMCERT, SHIM = ROOT / "target/release/hsmcert", ROOT / "target/release/libpkcs11_shim.so"


class Token:
    """A SoftHSM token with so many pairs and certificates."""

    def __init__(self, folder, pairs, certificates=0):
        self.folder, self.pairs, self.objects = Path(folder), pairs, 2 * pairs + certificates
        (self.folder / "tokens").mkdir(parents=True)
        (self.folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "SOFTHSM2_CONF": f"{folder}/softhsm2.conf",
            "PKCS11_SHIM_MODULE": SOFTHSM, "PKCS11_SHIM_LOG": f"{folder}/calls",
            "HSMCERT_TOKEN": "bench", "HSMCERT_PIN": PIN,
        }
        self.run("softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", PIN, "--so-pin", "5678")
        # In a process of its own, since SOFTHSM2_CONF is read once.
        arguments = (self.env["SOFTHSM2_CONF"], pairs, certificates, example_certificate(self.folder))
        filling = multiprocessing.get_context("spawn").Process(target=fill, args=arguments)
        filling.start()
        filling.join()
        count = json.loads(self.hsmcert(SOFTHSM, "--objects", "--count", "--json"))["count"]
        assert count == self.objects, f"{count} objects instead of {self.objects}"

    def run(self, *command, **more):
        return subprocess.run(command, env=self.env | more, cwd=self.folder, check=True, capture_output=True, text=True)

    def hsmcert(self, module, *arguments, **more):
        return self.run(HSMCERT, "find-key", *arguments, HSMCERT_MODULE=str(module), **more).stdout

    def pkcs11_tool(self, module):
        return self.run(*PKCS11_TOOL(module)).stdout

    def seconds(self, job, module=SOFTHSM, **more):
        start = time.perf_counter()
        job(self, module, **more)
        return time.perf_counter() - start

    def calls(self, job, **more):
        log = self.folder / "calls"
        log.unlink(missing_ok=True)
        job(self, SHIM, **more)
        return len(log.read_text().splitlines())

    def usage(self, *command, module=SOFTHSM, **more):
        """Processor seconds, and the largest resident set in MiB."""
        # By a small program: what starts a process counts for its resident set too.
        used = self.folder / "used"
        self.run("/usr/bin/time", "-f", "%U %S %M", "-o", used, *command, HSMCERT_MODULE=module, **more)
        user, system, kib = used.read_text().split()
        return float(user) + float(system), int(kib) / 1024

    def memory(self, *command):
        return self.usage(*command)[1]

    @contextlib.contextmanager
    def served(self):
        """The token in another process; gives what a client must have in its environment."""
        socket = self.folder / "p11-kit"
        command = ["p11-kit", "server", "--foreground", "--name", socket, "--provider", SOFTHSM, "pkcs11:token=bench"]
        server = subprocess.Popen(command, env=self.env, cwd=self.folder, stdout=subprocess.PIPE, text=True)
        try:
            # A line for a shell: the value, and `; export ...`.
            yield dict([server.stdout.readline().split(";")[0].split("=", 1)])
        finally:
            server.terminate()
            server.wait()


def PKCS11_TOOL(module):
    return ["pkcs11-tool", "--module", str(module), "--token-label", "bench", "--login", "--pin", PIN, "-O"]


def find_key(*arguments):
    return lambda token, module, **more: token.hsmcert(module, *arguments, **more)


PEER = ("pkcs11-tool -O", lambda token, module: token.pkcs11_tool(module))
JOBS = [
    ("hsmcert find-key", find_key()),
    ("hsmcert find-key --objects", find_key("--objects")),
    ("hsmcert find-key --json", find_key("--json")),
    ("hsmcert find-key --label LABEL", find_key("--label", "key-00007")),
]

# ---- filling a token

Ulong, Handle = ctypes.c_ulong, ctypes.c_ulong
P256 = bytes.fromhex("06082a8648ce3d030107")


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


def example_certificate(folder):
    """A certificate whose point and serial number are replaced for each key: its signature is wrong then, which no
    listing looks at."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
               f"{folder}/key.pem", "-outform", "DER", "-days", "365", "-set_serial", "0x1122334455667788",
               "-subj", "/C=US/O=Example Corporation/CN=www.example.com", "-addext", "subjectAltName=DNS:www.example.com"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def fill(configuration, pairs, certificates, example):
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
    true = b"\1"
    point_at = example.index(b"\x03\x42\x00\x04") + 3
    subject = re.search(rb"\x30.\x31\x0b\x30\x09\x06\x03\x55\x04\x06.*?www\.example\.com", example, re.S).group()
    for n in range(pairs):
        name = [(0x1, true), (0x3, b"key-%05d" % n), (0x102, n.to_bytes(4, "big"))]
        public, _public = template([*name, (0x180, P256), (0x10A, true)])
        private, _private = template([*name, (0x2, true), (0x103, true), (0x162, b"\0"), (0x108, true)])
        handle = Handle()
        call("C_GenerateKeyPair", session, ctypes.byref(Mechanism(0x1040, None, 0)), public, Ulong(len(public)), private,
             Ulong(len(private)), ctypes.byref(handle), ctypes.byref(Handle()))
        if n < certificates:
            point, _point = template([(0x181, bytes(67))])
            call("C_GetAttributeValue", session, handle, point, Ulong(1))
            der = bytearray(example)
            der[point_at:point_at + 65] = _point[0].raw[2:]
            serial = n.to_bytes(4, "big")
            der = bytes(der).replace(b"\x11\x22\x33\x44\x55\x66\x77\x88", b"\x11\x22\x33\x44" + serial)
            certificate, _certificate = template([
                (0x0, (1).to_bytes(8, "little")), (0x80, bytes(8)), *name, (0x2, b"\0"), (0x101, subject),
                (0x81, subject), (0x82, b"\x02\x08\x11\x22\x33\x44" + serial), (0x11, der)])
            call("C_CreateObject", session, certificate, Ulong(len(certificate)), ctypes.byref(Handle()))
    call("C_Finalize", None)

# ---- what is measured


def compare(top, options):
    token = Token(f"{top}/compare", options.pairs)
    jobs = [PEER, *JOBS]
    times = [[token.seconds(job) for _, job in jobs] for _ in range(options.runs)]
    medians = [statistics.median(column) for column in zip(*times)]
    print(f"{token.objects} objects, medians of {options.runs}")
    print(f"{'job':34} {'seconds':>8} {'ratio':>6} {'calls':>7} {'each':>6}")
    for (name, job), median in zip(jobs, medians):
        calls = token.calls(job)
        print(f"{name:34} {median:8.2f} {median / medians[0]:6.2f} {calls:7} {calls / token.objects:6.2f}")
    for name, command in [("pkcs11-tool -O", PKCS11_TOOL(SOFTHSM)), ("hsmcert find-key", [HSMCERT, "find-key"]),
                          ("hsmcert find-key --json", [HSMCERT, "find-key", "--json"])]:
        print(f"largest resident set of {name}: {token.memory(*command):.1f} MiB")
    print()


def scale(top, options):
    print(f"{'pairs':>6} {'certs':>6} {'objects':>8} {'job':24} {'cpu s':>8} {'own':>6} {'us each':>8} {'calls':>7}"
          f" {'each':>6} {'MiB':>6} {'own':>6}")
    for pairs in options.sizes:
        token = Token(f"{top}/scale-{pairs}", pairs, pairs // 2)
        lists = {"find-key --label LABEL": ("--label", "key-00007"), "find-key": (), "find-key --json": ("--json",)}
        commands = {name: [HSMCERT, "find-key", *more] for name, more in lists.items()}
        commands["pkcs11-tool -O"] = PKCS11_TOOL(SOFTHSM)
        used = {name: [token.usage(*command) for _ in range(options.runs)] for name, command in commands.items()}
        least = {name: [min(column) for column in zip(*runs)] for name, runs in used.items()}
        base = least["find-key --label LABEL"]
        for name, (seconds, memory) in least.items():
            line = f"{pairs:6} {pairs // 2:6} {token.objects:8} {name:24} {seconds:8.2f}"
            own = seconds - base[0]
            line += f" {own:6.2f} {own / token.objects * 1e6:8.1f}"
            calls = token.calls(PEER[1] if name == PEER[0] else find_key(*lists[name]))
            print(f"{line} {calls:7} {calls / token.objects:6.2f} {memory:6.1f} {memory - base[1]:6.1f}", flush=True)
        shutil.rmtree(token.folder)
    print()


def process(top, options):
    client, = glob.glob("/usr/lib/*/pkcs11/p11-kit-client.so")
    print("the token in another process, medians of", options.runs)
    print(f"{'pairs':>6} {'certs':>6} {'objects':>8} {'job':24} {'seconds':>8} {'ratio':>6} {'cpu s':>6} {'MiB':>6}")
    jobs = {"pkcs11-tool -O": PKCS11_TOOL(client), "find-key --label LABEL": [HSMCERT, "find-key", "--label", "key-00007"],
            "find-key": [HSMCERT, "find-key"], "find-key --json": [HSMCERT, "find-key", "--json"]}
    for pairs in options.sizes:
        token = Token(f"{top}/process-{pairs}", pairs, pairs // 2)
        with token.served() as address:
            used = {name: [] for name in jobs}
            for _ in range(options.runs):
                for name, command in jobs.items():
                    start = time.perf_counter()
                    usage = token.usage(*command, module=client, **address)
                    used[name].append((time.perf_counter() - start, *usage))
        medians = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in used.items()}
        for name, (seconds, processor, memory) in medians.items():
            ratio = seconds / medians["pkcs11-tool -O"][0]
            print(f"{pairs:6} {pairs // 2:6} {token.objects:8} {name:24} {seconds:8.2f} {ratio:6.2f} {processor:6.2f}"
                  f" {memory:6.1f}", flush=True)
        shutil.rmtree(token.folder)
    print()


def network(top, options):
    token = Token(f"{top}/network", options.network_pairs)
    print(f"{token.pairs} pairs, every call 2 ms longer, medians of {options.runs}")
    for name, job in [("hsmcert find-key", find_key()), ("hsmcert find-key --json", find_key("--json"))]:
        slow = {"PKCS11_SHIM_DELAY_US": "2000"}
        seconds = statistics.median(token.seconds(job, SHIM, **slow) for _ in range(options.runs))
        calls = token.calls(job, **slow)
        print(f"{name:34} {seconds:8.2f} s {calls:7} calls, one after the other {calls * 0.002:.2f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["compare", "scale", "process", "network"])
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[2500, 5000, 10000])
    parser.add_argument("--network-pairs", type=int, default=1000)
    options = parser.parse_args()
    for package in [["--bin", "hsmcert"], ["--package", "pkcs11-shim"]]:
        subprocess.run(["cargo", "build", "--quiet", "--release", *package], cwd=ROOT, check=True)
    parts = {"compare": compare, "scale": scale, "process": process, "network": network}
    # In memory, where there is such a folder: SoftHSM flushes each object to the disk when it is made.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as top:
        for part in options.parts:
            parts[part](top, options)


if __name__ == "__main__":
    main()
