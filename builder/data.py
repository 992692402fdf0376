"""The files of `data/` and their checksums, in the form of `sha256sum`."""

import hashlib
import pathlib
import re

from .files import ROOT, BookError, text_of, write_atomically

DATA = ROOT / "data"
SUMS = DATA / "SHA256SUMS"
UNSUMMED = ("README.md", "SHA256SUMS")
# What systems and editors leave beside files: no data, and not for others.
LITTER = re.compile(r"\.DS_Store|\._.*|\.#.*|\..*\.sw[a-p]|\.~lock\..*#|\.nfs[0-9a-f]+|\.ipynb_checkpoints")


def checksums() -> dict[str, str]:
    """Each data file, by its path below `data/`, and its SHA-256."""
    there = sorted(path for path in DATA.rglob("*") if not any(map(LITTER.fullmatch, path.relative_to(DATA).parts)))
    for path in there:
        name = path.relative_to(DATA).as_posix()
        if name != name.strip() or not name.isprintable() or "\\" in name:
            raise BookError(f"data/{name!r}: a name without line breaks, backslashes and outer spaces is needed, which every system can keep: rename it")
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise BookError(f"data/{name} is a link, or no file: put the file itself there, which a clone has as well")
    files = {path.relative_to(DATA).as_posix(): path for path in there if path.is_file()}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items() if pathlib.PurePath(name).name not in UNSUMMED}


def data_faults() -> list[str]:
    """Files that are missing, not recorded, or differ from their recorded checksums."""
    if not SUMS.is_file():
        return ["data/SHA256SUMS is missing: restore it with `git checkout data/SHA256SUMS`"] if DATA.is_dir() else []
    there, faults, listed = checksums(), [], {}
    for number, line in enumerate(text_of(SUMS).splitlines(), start=1):
        match = re.fullmatch(r"([0-9a-f]{64}) [ *](.+)|\s*", line)
        if not match:
            return [f"data/SHA256SUMS, line {number}: it is not as `make checksums` writes it: restore it with `git checkout data/SHA256SUMS`"]
        listed |= {match[2]: match[1]} if match[2] else {}
    for name in sorted(listed.keys() | there.keys()):
        if name not in there:
            faults.append(f"data/{name} is missing: restore it with `git checkout data/{name}`")
        elif name not in listed:
            faults.append(f"data/{name} has no checksum: record it with `make checksums`, or delete it")
        elif listed[name] != there[name]:
            faults.append(f"data/{name} differs from its checksum: restore it with `git checkout data/{name}`, or record the change with `make checksums`")
    about = text_of(DATA / "README.md") if (DATA / "README.md").is_file() else None
    for top in dict.fromkeys(name.partition("/")[0] for name in there):
        if about is not None and top not in about:
            faults.append(f"data/README.md does not name {top}: say there where it comes from, and under which licence")
    return faults


def record_checksums() -> None:
    found = checksums()
    write_atomically(SUMS, "".join(f"{value}  {name}\n" for name, value in found.items()))
    print(f"data/SHA256SUMS: {len(found)} files")
