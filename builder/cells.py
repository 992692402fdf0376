"""Each code cell of each chapter is one test, named by chapter and cell.

A pytest plugin over the executions that `builder.execute` left: it executes nothing, so that what is tested is what is shown.
"""

import pytest

from . import chapters
from .execute import store
from .files import ROOT, BookError


class CellFailed(Exception):
    """Carries the report of a failing cell."""


class Chapter(pytest.File):
    def collect(self):
        if self.path.stem not in chapters.chapters():
            raise self.CollectError(f"notebooks/{self.path.name} is not in _toc.yml: add it there, or delete it")
        try:
            notebook = chapters.load(self.path.stem)
        except BookError as error:
            raise self.CollectError(str(error)) from None
        claims = {id(claim["cell"]): claim["number"] for claim in chapters.claims(notebook)}
        for number, cell in enumerate(chapters.code_cells(notebook), start=1):
            claim = f" claim {claims[id(cell)]}" if id(cell) in claims else ""
            yield Cell.from_parent(self, name=f"cell {number}{claim}", number=number)


class Cell(pytest.Item):
    def __init__(self, *, number, **options):
        super().__init__(**options)
        self.number = number

    def runtest(self):
        chapter = self.path.stem
        found = store.current(chapter)
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
    if file_path.suffix == ".ipynb" and file_path.parent == ROOT / "notebooks" and not file_path.name.startswith("."):
        return Chapter.from_parent(parent, path=file_path)
    return None
