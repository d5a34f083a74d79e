"""The zip for Windows, the same bytes for the same contents.

usage: release/zip.py HSMCERT_EXE FOLDER     FOLDER has what release/notices wrote, and gets the zip
"""
import pathlib, re, sys, zipfile

program, folder = map(pathlib.Path, sys.argv[1:])
root = pathlib.Path(__file__).resolve().parent.parent
version = re.search(r'^version = "(.*)"', (root / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)[1]
name = f"hsmcert-{version}-x86_64-windows"
files = [
    (program, "hsmcert.exe"),
    (root / "LICENSE", "LICENSE.txt"),
    (root / "README.md", "README.md"),
    (root / "CHANGELOG.md", "CHANGELOG.md"),
    (folder / "THIRD-PARTY.txt", "THIRD-PARTY.txt"),
    (folder / "hsmcert.cdx.json", "hsmcert.cdx.json"),
]
with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    for source, inside in files:
        archive.writestr(zipfile.ZipInfo(f"{name}/{inside}", (1980, 1, 1, 0, 0, 0)), source.read_bytes(), zipfile.ZIP_DEFLATED, 9)
print(folder / f"{name}.zip")
