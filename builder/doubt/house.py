"""All that the instrument takes from the rest of the builder: a chapter's cells and claims, and where they are executed."""

import contextlib
import dataclasses
import pathlib
import sys

from ..chapters import claims, code_cells, load
from ..execute.chapter import files_beside
from ..execute.kernel import FOLDER, environment, sandbox
from ..files import BookError
from .essence import essence


@dataclasses.dataclass
class Chapter:
    """A chapter's code cells in order, the number of each claim by the number (from 1) of its cell, and the files that it finds beside it."""

    name: str
    cells: list[str]
    claims: dict[int, int]
    files: list[pathlib.Path] = dataclasses.field(default_factory=list)

    @property
    def code(self) -> str:
        """Digest of the code, its looks and its words aside: what is known of other code is not shown."""
        return essence(tuple(self.cells))

    @contextlib.contextmanager
    def surroundings(self):
        """Where the chapter is executed: its folder, its environment, and the folder of the kernel's settings."""
        with sandbox(self.files, "doubt") as box:  # an execution that begins meanwhile empties its own
            yield box / "notebooks", environment(box, sys.executable), FOLDER


def chapter(name: str) -> Chapter:
    notebook = load(name)
    cells = code_cells(notebook)
    positions = {id(cell): number for number, cell in enumerate(cells, start=1)}
    numbered = {positions[id(claim["cell"])]: claim["number"] for claim in claims(notebook) if claim["cell"]}
    return Chapter(name, [cell.source for cell in cells], numbered, files_beside(name))


__all__ = ["BookError", "Chapter", "chapter"]
