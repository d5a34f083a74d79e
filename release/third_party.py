"""The licences of what is in a program, as each of them asks for: release/third_party.py TARGET > THIRD-PARTY.txt

The texts are the files in the crates; the same text is printed once. What may be linked at all stands in deny.toml.
"""
import json, pathlib, subprocess, sys
from compiled import compiled

target = sys.argv[1]
command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target]
packages = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["packages"]
wanted = compiled(target)
crates = sorted((one for one in packages if (one["name"], one["version"]) in wanted and one["source"]), key=lambda one: one["id"])
NAMES = ("LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE")

texts, silent = {}, []
for crate in crates:
    folder = pathlib.Path(crate["manifest_path"]).parent
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name.upper().startswith(NAMES)]
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace").strip()
        texts.setdefault(" ".join(text.split()), (text, []))[1].append(f'{crate["name"]} {crate["version"]}')
    if not files:
        silent.append(crate["name"])

print("""hsmcert is licensed under the Apache License 2.0. It contains the standard library of Rust (MIT or Apache-2.0, the Rust
project) and the crates below. The texts of their licences follow; where a crate offers several, any of them may be taken.
""")
for crate in crates:
    note = ", without a text of its own" if crate["name"] in silent else ""
    print(f'{crate["name"]} {crate["version"]}: {crate["license"]}{note}; {crate["repository"] or "crates.io"}')
for text, users in texts.values():
    print(f'\n{"=" * 100}\n{", ".join(dict.fromkeys(users))}\n{"-" * 100}\n{text}')
# Without a text of its own, a crate has the usual one of its licence, which is here by another crate; else somebody must look.
for crate in crates:
    if crate["name"] in silent and not {"MIT", "Apache-2.0"} & set(crate["license"].replace("/", " ").split()):
        sys.exit(f'{crate["name"]}: no text of {crate["license"]}')
