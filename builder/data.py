"""The files of `data/` and their checksums, in the form of `sha256sum`."""

import hashlib
import pathlib

from .files import ROOT, write_atomically

DATA = ROOT / "data"
SUMS = DATA / "SHA256SUMS"
UNSUMMED = ("README.md", "SHA256SUMS")


def checksums() -> dict[str, str]:
    """Each data file, by its path below `data/`, and its SHA-256."""
    files = {path.relative_to(DATA).as_posix(): path for path in sorted(DATA.rglob("*")) if path.is_file()}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if pathlib.PurePath(name).name not in UNSUMMED}


def data_faults() -> list[str]:
    """Files that are missing, not recorded, or differ from their recorded checksums."""
    if not SUMS.is_file():
        return ["data/SHA256SUMS is missing: restore it with `git checkout data/SHA256SUMS`"] if DATA.is_dir() else []
    listed = dict(reversed(line.split(maxsplit=1)) for line in SUMS.read_text(encoding="utf-8").splitlines())
    there, faults = checksums(), []
    for name in sorted(listed.keys() | there.keys()):
        if name not in there:
            faults.append(f"data/{name} is missing: restore it with `git checkout data/{name}`")
        elif name not in listed:
            faults.append(f"data/{name} has no checksum: record it with `make checksums`, and describe it in data/README.md")
        elif listed[name] != there[name]:
            faults.append(f"data/{name} differs from its checksum: restore it with `git checkout data/{name}`, or record the change with `make checksums`")
    about = (DATA / "README.md").read_text(encoding="utf-8") if (DATA / "README.md").is_file() else None
    for top in dict.fromkeys(name.partition("/")[0] for name in there):
        if about is not None and top not in about:
            faults.append(f"data/README.md does not name {top}: say there where it comes from, and under which licence")
    return faults


def record_checksums() -> None:
    found = checksums()
    write_atomically(SUMS, "".join(f"{value}  {name}\n" for name, value in found.items()))
    print(f"data/SHA256SUMS: {len(found)} files")
