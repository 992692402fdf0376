"""Each code cell of each chapter is one test, named by chapter and cell.

A pytest plugin over the executions that `execute.py` left: it executes nothing, so that what is tested is what is shown.
"""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import book  # noqa: E402 - found through the line above


class CellFailed(Exception):
    """Carries the report of a failing cell."""


class Chapter(pytest.File):
    def collect(self):
        if self.path.stem not in book.chapters():
            raise self.CollectError(f"notebooks/{self.path.name} is not in _toc.yml: add it there, or delete it")
        try:
            notebook = book.load(self.path.stem)
        except book.BookError as error:
            raise self.CollectError(str(error)) from None
        claims = {id(claim["cell"]): claim["number"] for claim in book.claims(notebook)}
        for number, cell in enumerate(book.code_cells(notebook), start=1):
            claim = f" claim {claims[id(cell)]}" if id(cell) in claims else ""
            yield Cell.from_parent(self, name=f"cell {number}{claim}", number=number)


class Cell(pytest.Item):
    def __init__(self, *, number, **options):
        super().__init__(**options)
        self.number = number

    def runtest(self):
        chapter = self.path.stem
        found = book.current(chapter)
        if found is None:
            raise CellFailed(f"{chapter} has no execution of its present code, data and packages: run `make`")
        error = found["error"]
        if error and self.number == max(error["cell"], 1):
            line = f", line {error['line']}" if error["line"] else ""
            raise CellFailed(f"{chapter}, code cell {error['cell']}{line}\n\n{error['source']}\n\n{error['cause']}")
        if error and self.number > error["cell"]:
            raise CellFailed(f"not executed: cell {error['cell']} of {chapter} failed before it")

    def repr_failure(self, excinfo, style=None):
        return str(excinfo.value) if isinstance(excinfo.value, CellFailed) else super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, 0, f"{self.path.stem}: {self.name}"


def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".ipynb" and file_path.parent == book.ROOT / "notebooks":
        return Chapter.from_parent(parent, path=file_path)
    return None
