"""On which other versions the chapters were executed, and what held: `book/_versions/`, a file a set of versions, kept by `make colab RECORD=1`.

Each chapter's result has the digest of the code that ran; of other code it says nothing, and is not shown.
"""

import json
import pathlib

from .chapters import code_cells, load
from .files import ROOT, digest, write_atomically

FOLDER = ROOT / "book" / "_versions"


def code(chapter: str) -> str:
    return digest(*(cell.source for cell in code_cells(load(chapter))))


def keep(name: str, python: str, packages: dict[str, str], chapters: dict[str, dict]) -> None:
    """Record the results of some chapters with the versions `name` (a freeze's name); those of other chapters there stay.

    `chapters`: for each its `{"claims": 12, "error": None}`, or `"error": {"cell": 3, ...}`.
    """
    path = FOLDER / f"{name}-python{'.'.join(python.split('.')[:2])}.json"
    known = json.loads(path.read_text(encoding="utf-8"))["chapters"] if path.exists() else {}
    new = {
        chapter: {"code": code(chapter), "claims": found["claims"], "cell": found["error"] and found["error"]["cell"]} for chapter, found in chapters.items()
    }
    path.parent.mkdir(exist_ok=True)
    content = {"versions": name, "python": python, "packages": packages, "chapters": dict(sorted((known | new).items()))}
    write_atomically(path, json.dumps(content, indent=1) + "\n")


def records() -> list[dict]:
    """All that is recorded, sorted by file name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(pathlib.Path(FOLDER).glob("*.json"))]


def outcome(record: dict, chapter: str) -> str:
    """`all 12 claims hold`, `cell 7 fails`, or nothing where the chapter's present code did not run there."""
    found = record["chapters"].get(chapter)
    if not found or found["code"] != code(chapter):
        return ""
    return f"cell {found['cell']} fails" if found["cell"] else f"all {found['claims']} claims hold"
