"""The book on disk: its chapters, the cells of each, and everything a chapter's outputs depend on.

Executing (`execute.py`), rendering (`render.py`, `book/_ext`) and testing all read the book through this module.
"""

import ast
import contextlib
import copy
import fcntl
import functools
import hashlib
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import sys
import typing

# jsonschema tries to import this only to check international addresses, and compiling its grammar takes seconds.
sys.modules.setdefault("rfc3987_syntax", None)

import nbformat  # noqa: E402 - see above
import yaml  # noqa: E402
from packaging.requirements import Requirement  # noqa: E402
from packaging.utils import canonicalize_name  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
EXECUTED = BUILD / "executed"
KERNEL = pathlib.Path(__file__).parent / "kernel"
# Seconds of each chapter when `make bench` last ran.
DURATIONS = pathlib.Path(__file__).with_name("durations.json")
# Folders beside `notebooks/` whose files a chapter may read.
RESOURCES = ("data", "docker")


class BookError(Exception):
    """A fault whose message is one line that names the cause and the cure."""


def digest(*parts: bytes | str) -> str:
    """SHA-256 of the parts, each preceded by its length, as 64 hexadecimal digits."""
    result = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        result.update(f"{len(data)}:".encode() + data)
    return result.hexdigest()


def write_atomically(path: pathlib.Path, content: str | bytes) -> None:
    """Replace `path` in one step: readers see the old content or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def alone():
    """Hold the tree's build lock; a second build in the same tree is refused."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / "lock", "a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise BookError(
                f"another build (process {lock.read().strip() or 'unknown'}) is at work in this folder: "
                "wait until it ends, or stop it"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def toc() -> dict:
    """`_toc.yml`, or the table that `render.py` made for a build of one chapter."""
    return yaml.safe_load(pathlib.Path(os.environ.get("BOOK_TOC", ROOT / "_toc.yml")).read_text(encoding="utf-8"))


def parts() -> list[tuple[str, list[str]]]:
    """The parts of the book in order, each with the names of its chapters."""
    found = []
    for part in toc()["parts"]:
        names = [pathlib.Path(c["file"]).name for c in part["chapters"] if c["file"].startswith("notebooks/")]
        if names:
            found.append((part["caption"], names))
    return found


def chapters() -> list[str]:
    return [name for _, names in parts() for name in names]


def source_path(chapter: str) -> pathlib.Path:
    return ROOT / "notebooks" / f"{chapter}.ipynb"


@functools.lru_cache(maxsize=32)
def _parsed(text: str) -> nbformat.NotebookNode:
    notebook = nbformat.convert(nbformat.reader.reads(text), 4)  # `nbformat.reads` would validate too, and go on with what is invalid
    nbformat.validate(notebook)
    return notebook


def load(chapter: str) -> nbformat.NotebookNode:
    """The chapter's notebook as it stands in the tree."""
    path = source_path(chapter)
    try:
        return copy.deepcopy(_parsed(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise BookError(
            f"notebooks/{path.name} is missing: restore it with `git checkout`, or take it out of _toc.yml"
        ) from None
    except Exception as error:
        cause = str(error).splitlines()[0]
        raise BookError(f"notebooks/{path.name} is not a valid notebook ({cause}): restore or repair it") from error


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


def resources(notebook: nbformat.NotebookNode) -> list[pathlib.Path]:
    """The files of `data/` and `docker/` that the chapter's code names, by file name or by folder name.

    Only these are visible to the chapter when it is executed, so that it cannot depend on a file unnoticed.
    """
    code = "\n".join(cell.source for cell in code_cells(notebook)).replace("-", "_")
    found = []
    for folder in RESOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            relative = path.relative_to(ROOT / folder)
            names = (path.name, relative.parts[0]) if len(relative.parts) > 1 else (path.name,)
            if path.is_file() and any(name.replace("-", "_") in code for name in names):
                found.append(path)
    return found


class Installed(typing.NamedTuple):
    """An installed distribution, from the head of its metadata: the library's own parser takes seconds for all of them."""

    version: str
    requires: tuple[str, ...]
    modules: frozenset[str]


@functools.cache
def _installed() -> dict[str, Installed]:
    found = {}
    for distribution in importlib.metadata.distributions():
        head = (distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or "").split("\n\n", 1)[0]
        fields = [line.split(": ", 1) for line in head.splitlines() if ": " in line]
        requires = tuple(value for field, value in fields if field == "Requires-Dist")
        modules = (distribution.read_text("top_level.txt") or "").split() or [
            re.split(r"[/,]", line)[0].split(".")[0] for line in (distribution.read_text("RECORD") or "").splitlines()
        ]
        named = dict(reversed(fields))
        if "Name" in named:
            found.setdefault(canonicalize_name(named["Name"]), Installed(named.get("Version", ""), requires, frozenset(modules)))
    return found


@functools.cache
def _requirements(name: str) -> tuple[str, ...]:
    requirements = map(Requirement, _installed()[name].requires)
    return tuple(canonicalize_name(r.name) for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""}))


def versions(names: list[str]) -> dict[str, str]:
    """Name and version of the named installed distributions and of all they require."""
    return dict(_versions(tuple(names)))


@functools.cache
def _versions(names: tuple[str, ...]) -> dict[str, str]:
    found, queue = {}, [canonicalize_name(name) for name in names]
    while queue:
        name = queue.pop()
        if name not in found and name in _installed():
            found[name] = _installed()[name].version
            queue.extend(_requirements(name))
    return dict(sorted(found.items()))


def imported(notebook: nbformat.NotebookNode) -> list[str]:
    """The top-level modules that the chapter's code imports."""
    return _imported(tuple(cell.source for cell in code_cells(notebook)))


@functools.cache
def _imported(cells: tuple[str, ...]) -> list[str]:
    modules = set()
    for source in filter(re.compile(r"\bimport\b").search, cells):  # to parse them all takes seconds
        lines = ["pass" if re.match(r"\s*[%!]", line) else line for line in source.splitlines()]
        with contextlib.suppress(SyntaxError):
            for node in ast.walk(ast.parse("\n".join(lines))):
                if isinstance(node, ast.Import):
                    modules.update(alias.name.split(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    modules.add(node.module.split(".")[0])
    return sorted(modules)


def dependencies(notebook: nbformat.NotebookNode) -> dict:
    """All that the chapter's outputs depend on, by name.

    Prose and captions are not in it: changing them executes nothing.
    """
    modules = set(imported(notebook))
    distributions = [name for name, one in sorted(_installed().items()) if one.modules & modules]
    return {
        "cells": [digest(cell.source) for cell in code_cells(notebook)],
        "kernel": notebook.metadata.get("kernelspec", {}).get("name", "python3"),
        "files": {str(path.relative_to(ROOT)): digest(path.read_bytes()) for path in resources(notebook)},
        "packages": versions([*distributions, "ipykernel", "matplotlib-inline"]),
        "python": platform.python_version(),
        "machine": f"{sys.platform} {platform.machine()}",
        "executor": digest(*(p.read_bytes() for p in sorted([pathlib.Path(__file__).parent / "execute.py", *KERNEL.iterdir()]) if p.is_file())),
    }


def key(notebook: nbformat.NotebookNode) -> str:
    return digest(json.dumps(dependencies(notebook), sort_keys=True))


def record(chapter: str) -> dict | None:
    """What the last execution of the chapter left, or None where there is none that can be read."""
    try:
        return json.loads((EXECUTED / f"{chapter}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def current(chapter: str) -> dict | None:
    """The record of an execution of exactly the present code, data and packages, whole on disk; else None."""
    found = record(chapter)
    if not found or found.get("key") != key(load(chapter)):
        return None
    try:
        outputs = (EXECUTED / f"{chapter}.ipynb").read_bytes()
    except OSError:
        return None
    return found if digest(outputs) == found["sha256"] else None


def executed(chapter: str) -> nbformat.NotebookNode:
    """The chapter as it stands in the tree, with the outputs of its current execution."""
    notebook, found = load(chapter), current(chapter)
    if not found or found["error"]:
        raise BookError(f"{chapter} has no complete execution of its present state: run `make`")
    outputs = nbformat.reader.reads((EXECUTED / f"{chapter}.ipynb").read_text(encoding="utf-8"))  # valid: its checksum holds
    for cell, run in zip(code_cells(notebook), code_cells(outputs), strict=True):
        cell.outputs, cell.execution_count = run.outputs, run.execution_count
    return notebook


def check_data() -> None:
    """Compare the files of `data/` with their checksums."""
    listed = {}
    for line in (ROOT / "data" / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        checksum, name = line.split(maxsplit=1)
        listed[name] = checksum
    for name, checksum in listed.items():
        path = ROOT / "data" / name
        if not path.is_file():
            raise BookError(f"data/{name} is missing: restore it with `git checkout data/{name}`")
        if hashlib.sha256(path.read_bytes()).hexdigest() != checksum:
            raise BookError(
                f"data/{name} differs from its checksum: restore it with `git checkout data/{name}`, "
                "or record the change with `make checksums`"
            )


def claims(notebook: nbformat.NotebookNode) -> list[dict]:
    """The chapter's claims: number, sentence (Markdown) and the text that its cell printed, in order.

    A claim is a Markdown cell that begins `**Claim 3.**`, followed by one code cell tagged `claim`.
    """
    found = []
    for cell, following in zip(notebook.cells, [*notebook.cells[1:], None]):
        match = re.match(r"\*\*Claim (\d+)\.\*\*\s*(.*)", cell.source, re.S)
        if cell.cell_type == "markdown" and match:
            code = following if following and "claim" in following.metadata.get("tags", []) else None
            printed = "".join(o.text for o in code.get("outputs", []) if o.output_type == "stream") if code else ""
            found.append({"number": int(match[1]), "text": match[2].strip(), "cell": code, "value": printed.strip("\n")})
    return found


def title(notebook: nbformat.NotebookNode) -> str:
    return re.match(r"# (.+)", notebook.cells[0].source)[1].strip()


def question(notebook: nbformat.NotebookNode) -> str:
    """The first paragraph after the title: one sentence with the chapter's question."""
    text = "\n\n".join(cell.source for cell in notebook.cells[:2] if cell.cell_type == "markdown")
    return re.split(r"\n\s*\n", text.split("\n", 1)[1].strip())[0].replace("\n", " ")


def outline(notebook: nbformat.NotebookNode) -> list[str]:
    """What other pages may name of the chapter: its headings, its question, and the numbers of its claims and code cells."""
    headings = [line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines() if line.startswith("#")]
    return [*headings, question(notebook), *(str(claim["number"]) for claim in claims(notebook)), str(len(code_cells(notebook)))]
