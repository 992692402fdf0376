"""The files of `data/` and their checksums, in the form of `sha256sum`."""

import hashlib
import pathlib

from .files import ROOT, BookError, write_atomically

DATA = ROOT / "data"
SUMS = DATA / "SHA256SUMS"
UNSUMMED = ("README.md", "SHA256SUMS")


def checksums() -> dict[str, str]:
    """Each data file, by its path below `data/`, and its SHA-256."""
    files = {path.relative_to(DATA).as_posix(): path for path in sorted(DATA.rglob("*")) if path.is_file()}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if pathlib.PurePath(name).name not in UNSUMMED}


def check_data() -> None:
    """Compare the files with their recorded checksums; all faults are named together."""
    listed = dict(reversed(line.split(maxsplit=1)) for line in SUMS.read_text(encoding="utf-8").splitlines())
    there, faults = checksums(), []
    for name in sorted(listed.keys() | there.keys()):
        if name not in there:
            faults.append(f"data/{name} is missing: restore it with `git checkout data/{name}`")
        elif name not in listed:
            faults.append(f"data/{name} has no checksum: record it with `make checksums`, and describe it in data/README.md")
        elif listed[name] != there[name]:
            faults.append(f"data/{name} differs from its checksum: restore it with `git checkout data/{name}`, or record the change with `make checksums`")
    if faults:
        raise BookError("; ".join(faults))


def record_checksums() -> None:
    write_atomically(SUMS, "".join(f"{value}  {name}\n" for name, value in checksums().items()))
