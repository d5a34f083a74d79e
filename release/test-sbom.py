"""The SBOM by the schema of CycloneDX, and against the program: each crate of which it has a path must be listed.

usage: release/test-sbom.py SBOM PROGRAM [CARGO_LOCK]     with the Python of `release/tools cyclonedx`

CARGO_LOCK is that of a standard library which was built with the program: its crates are the standard library's.
"""
import json, re, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

path, program, *locks = sys.argv[1:]
text = open(path, encoding="utf-8").read()
error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
if error:
    sys.exit(f"{path}: {error}")
bom = json.loads(text)
listed = {f'{one["name"]}-{one["version"]}' for one in bom["components"]}
# In the places of panics, as release/linux and release/windows have them written.
crates = re.findall(rb"/crates/[^/\\]+[/\\]([A-Za-z0-9_.+-]+)[/\\]", open(program, "rb").read())
seen = {name.decode() for name in crates}
for lock in locks:
    seen -= {f"{name}-{version}" for name, version in re.findall(r'name = "(.*)"\nversion = "(.*)"', open(lock).read())} - listed
if len(seen) < 30 or seen - listed:
    sys.exit(f"{path}: {len(seen)} crates seen in {program}, not listed: {sorted(seen - listed)}")
if unlicensed := [one["name"] for one in bom["components"] if not one.get("licenses")]:
    sys.exit(f"{path}: without a licence: {unlicensed}")
if place := re.search(r'file:///(?!hsmcert#)[^"]*', text):
    sys.exit(f"{path}: a path of this machine: {place[0]}")
print(f"{len(listed)} components, {len(seen)} of them seen in the program")
