"""The executions: outputs and record of each chapter, kept by the key of what they depend on."""

import json
import pathlib

import nbformat

from ..chapters import code_cells, load
from ..files import BUILD, BookError, digest, write_atomically
from .key import key

EXECUTED = BUILD / "executed"


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


def keep(chapter: str, folder: pathlib.Path) -> None:
    """Take over what a worker left in `folder`: first the outputs, then the record that vouches for them."""
    outputs, found = (folder / "outputs.ipynb").read_text(encoding="utf-8"), json.loads((folder / "record.json").read_text(encoding="utf-8"))
    write_atomically(EXECUTED / f"{chapter}.ipynb", outputs)
    write_atomically(EXECUTED / f"{chapter}.json", json.dumps(found | {"sha256": digest(outputs)}, indent=1) + "\n")
