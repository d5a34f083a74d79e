#!/usr/bin/env python3
"""The whole `hsmcert new` process against its best peers, in one run, on one SoftHSM token each.

usage: benches/new.py [RUNS]      needs: softhsm2 gnutls-bin openssl libengine-pkcs11-openssl

All jobs make an RSA-2048 pair in the token and a CSR with a six-part subject, two DNS names, key usage and extended
key usage. The shim in front of the module measures C_GenerateKeyPair inside each job, so that the random search for
primes does not count: overhead = job - its own key generation. The jobs take turns, so that a busy machine slows all.
"""
import os, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path

RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
ROOT = Path(__file__).resolve().parent.parent
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
ENGINE = "/usr/lib/x86_64-linux-gnu/engines-3/pkcs11.so"
NAMES = ["www.example.com", "example.com"]
SUBJECT = "/C=US/ST=Washington/L=Seattle/O=Example Ltd/OU=Web/CN=www.example.com"

subprocess.run(["cargo", "build", "--quiet", "--release", "--bin", "hsmcert"], cwd=ROOT, check=True)
subprocess.run(["cargo", "build", "--quiet", "--release", "--package", "pkcs11-shim"], cwd=ROOT, check=True)
INSTALLED = Path(tempfile.mkdtemp())
# Installed, that is copied, as its peers are: what a linker has just written lies in memory in smaller pieces, and starts
# half a millisecond later.
HSMCERT = Path(shutil.copy(ROOT / "target/release/hsmcert", INSTALLED))
# By the name of the module that it stands before, so that it is treated as that product.
SHIM = Path(shutil.copy(ROOT / "target/release/libpkcs11_shim.so", INSTALLED / "libsofthsm2.so"))


class Token:
    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "tokens").mkdir()
        (self.folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
        self.env = {
            "PATH": os.environ["PATH"], "HOME": folder, "SOFTHSM2_CONF": f"{folder}/softhsm2.conf",
            "PKCS11_SHIM_MODULE": SOFTHSM, "PKCS11_SHIM_LOG": f"{folder}/calls", "GNUTLS_PIN": "1234",
            "HSMCERT_MODULE": str(SHIM), "HSMCERT_TOKEN": "bench", "HSMCERT_PIN": "1234",
        }
        self.run("softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", "1234", "--so-pin", "5678")

    def run(self, *command, **more):
        subprocess.run(command, env=self.env | more, cwd=self.folder, check=True, capture_output=True)


def hsmcert(token, n):
    token.run(HSMCERT, "new", "request.toml", f"{n}.csr", "--label", f"k{n}")


def gnutls(token, n):
    token.run("p11tool", "--provider", SHIM, "--login", "--generate-privkey=rsa", "--bits", "2048", "--label", f"k{n}",
              "--id", f"{n:04x}", "--outfile", f"{n}.pub", "pkcs11:token=bench")
    key = f"pkcs11:token=bench;object=k{n};type="
    token.run("certtool", "--provider", SHIM, "--generate-request", "--load-privkey", key + "private", "--load-pubkey",
              key + "public", "--template", "certtool.cfg", "--hash", "SHA256", "--outfile", f"{n}.csr")


def openssl(token, n):
    token.run("p11tool", "--provider", SHIM, "--login", "--generate-privkey=rsa", "--bits", "2048", "--label", f"k{n}",
              "--id", f"{n:04x}", "--outfile", f"{n}.pub", "pkcs11:token=bench")
    token.run("openssl", "req", "-new", "-engine", "pkcs11", "-keyform", "engine", "-key",
              f"pkcs11:token=bench;object=k{n};type=private;pin-value=1234", "-config", "request.cnf", "-out", f"{n}.csr",
              OPENSSL_CONF=f"{token.folder}/engine.cnf")


def files(token):
    names = ", ".join(f'"{name}"' for name in NAMES)
    (token.folder / "request.toml").write_text(
        f'key-usage = ["digital-signature", "key-encipherment"]\nextended-key-usage = ["server-auth"]\n'
        f'[subject]\nc = "US"\nst = "Washington"\nl = "Seattle"\no = "Example Ltd"\nou = "Web"\ncn = "{NAMES[0]}"\n'
        f"[san]\ndns = [{names}]\n")
    dn = ",".join(reversed(SUBJECT.strip("/").split("/")))
    (token.folder / "certtool.cfg").write_text(
        f'dn = "{dn}"\n' + "".join(f'dns_name = "{name}"\n' for name in NAMES) + "tls_www_server\nsigning_key\nencryption_key\n")
    (token.folder / "request.cnf").write_text(
        "[req]\nprompt = no\ndistinguished_name = dn\nreq_extensions = ext\n[dn]\n"
        + "\n".join(SUBJECT.strip("/").split("/")) + "\n[ext]\nkeyUsage = critical,digitalSignature,keyEncipherment\n"
        "extendedKeyUsage = serverAuth\nsubjectAltName = " + ",".join(f"DNS:{name}" for name in NAMES) + "\n")
    (token.folder / "engine.cnf").write_text(
        f"openssl_conf = init\n[init]\nengines = engines\n[engines]\npkcs11 = pkcs11\n[pkcs11]\nengine_id = pkcs11\n"
        f"dynamic_path = {ENGINE}\nMODULE_PATH = {SHIM}\ninit = 1\n")


def measure(job, token, n):
    calls = token.folder / "calls"
    calls.unlink(missing_ok=True)
    start = time.perf_counter()
    job(token, n)
    wall = (time.perf_counter() - start) * 1000
    log = [line.split() for line in calls.read_text().splitlines()]
    keygen = sum(int(us) for name, _, us in log if name == "C_GenerateKeyPair") / 1000
    return wall, keygen, len(log)


with tempfile.TemporaryDirectory() as top:
    jobs = [("hsmcert new", hsmcert), ("p11tool + certtool", gnutls), ("p11tool + openssl engine", openssl)]
    tokens = []
    for number, _ in enumerate(jobs):
        folder = f"{top}/{number}"
        os.mkdir(folder)
        tokens.append(Token(folder))
        files(tokens[-1])
    figures = [[] for _ in jobs]
    for n in range(RUNS):
        for number, (_, job) in enumerate(jobs):
            # A token that grows slows its users: each run has one of the same size.
            figures[number].append(measure(job, tokens[number], n))
    usage = subprocess.run(["/usr/bin/env", "python3", "-c",
        "import resource,subprocess,sys;subprocess.run(sys.argv[1:],check=True,capture_output=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)",
        HSMCERT, "new", "request.toml", "memory.csr", "--label", "memory"],
        env=tokens[0].env | {"HSMCERT_MODULE": SOFTHSM}, cwd=tokens[0].folder, check=True, capture_output=True, text=True)
    print(f"{'job':28} {'job ms':>8} {'keygen ms':>10} {'overhead ms':>12} {'calls':>6}   (medians of {RUNS})")
    overheads = []
    for (name, _), rows in zip(jobs, figures):
        overhead = statistics.median(wall - keygen for wall, keygen, _ in rows)
        overheads.append(overhead)
        print(f"{name:28} {statistics.median(r[0] for r in rows):8.1f} {statistics.median(r[1] for r in rows):10.1f} "
              f"{overhead:12.1f} {statistics.median(r[2] for r in rows):6.0f}")
    print(f"overhead against the best peer: {overheads[0] / min(overheads[1:]):.2f} (target: at most 0.50)")
    print(f"largest resident set of hsmcert: {int(usage.stdout) / 1024:.1f} MiB (target: at most 25)")
shutil.rmtree(SHIM.parent)
