"""The SBOM of a program, made from that of cargo-cyclonedx: only what Cargo compiles for the target.

usage: release/sbom.py TARGET < FROM_CARGO_CYCLONEDX > SBOM

cargo-cyclonedx lists what `cargo metadata` resolves, and with it optional dependencies that no feature turns on: hyper and
fifty others, for which a scanner would raise alarms. And it names the folder of the build.
"""
import json, pathlib, sys
from compiled import compiled

wanted = compiled(sys.argv[1])
here = pathlib.Path.cwd().as_uri()
bom = json.loads(sys.stdin.read().replace(f"{here}#", "file:///hsmcert#"))
bom["components"] = [one for one in bom["components"] if (one["name"], one["version"]) in wanted]
kept = {one["bom-ref"] for one in bom["components"]} | {bom["metadata"]["component"]["bom-ref"]}
bom["dependencies"] = [
    one | {"dependsOn": [ref for ref in one["dependsOn"] if ref in kept]} if "dependsOn" in one else one
    for one in bom["dependencies"]
    if one["ref"] in kept
]
missing = wanted - {(one["name"], one["version"]) for one in [*bom["components"], bom["metadata"]["component"]]}
if missing:
    sys.exit(f"not listed by cargo-cyclonedx: {sorted(missing)}")
json.dump(bom, sys.stdout, indent=2, ensure_ascii=False)
print()
