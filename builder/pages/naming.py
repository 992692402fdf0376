"""The few words that are seen of folded code: what it draws, defines, computes or checks."""

import ast
import builtins

import nbformat

from ..chapters import code_cells
from . import executed
from .figures import called

MOST = 26  # letters in the margin of a window of 1280 pixels: names that do not fit are left to the fold's title
DULL = {"rng", "ax", "axes", "fig", "chart", "figure", *dir(builtins)}


def parsed(source: str) -> ast.Module:
    try:
        return ast.parse(source)
    except SyntaxError:  # a cell of IPython
        return ast.Module(body=[], type_ignores=[])


def used(source: str) -> set[str]:
    """The names that the code reads."""
    return {part.id for part in ast.walk(parsed(source)) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)}


def assigned(source: str) -> list[str]:
    """The names that its statements set, in their order; loops' variables apart."""
    found = []

    def note(statements: list[ast.stmt]) -> None:
        for one in statements:
            targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, (ast.AnnAssign, ast.AugAssign)) else []
            found.extend(part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store))
            if not isinstance(one, (ast.FunctionDef, ast.ClassDef)):
                note([*getattr(one, "body", []), *getattr(one, "orelse", [])])

    note(parsed(source).body)
    return [name for name in dict.fromkeys(found) if name not in DULL and not name.startswith("_")]


def read(source: str, known: set[str]) -> list[str]:
    """The known names that it reads, in their order."""
    names = [part for part in ast.walk(parsed(source)) if isinstance(part, ast.Name) and part.id in known]
    return list(dict.fromkeys(part.id for part in sorted(names, key=lambda part: (part.lineno, part.col_offset))))


def fitting(word: str, names: list[str]) -> str:
    """As many of the names as fit after the word, one at least."""
    few = len(names)
    while few > 1 and len(f"{word} {', '.join(names[:few])}{', …' * (few < len(names))}") > MOST:
        few -= 1
    return ", ".join(names[:few]) + ", …" * (few < len(names))


def brief(own: list[nbformat.NotebookNode], notebook: nbformat.NotebookNode) -> tuple[str, list[str]]:
    """What a fold of these cells of the notebook holds: a word or some, and the names to which it applies."""
    cells = code_cells(notebook)
    last = next(place for place, cell in enumerate(cells) if cell is own[-1])
    kinds = [executed.kind(cell) for cell in own]
    found = {kind for kind, _ in kinds}
    if "solution" in found:
        return "solution", []
    if found == {"setup"}:
        return "imports", []
    if figure := next(filter(None, (called(cell, notebook) for cell in own)), ""):
        return f"draws {figure.lower()}", []
    if defined := [name for kind, names in kinds if kind == "names" for name in names]:
        return "defines", defined
    before = {name for cell in cells[:last] for kind, names in [executed.contents(cell.source)] if kind == "names" for name in names}
    tried = list(dict.fromkeys(name for cell in own for name in read(cell.source, before)))
    asserts = [any(isinstance(part, ast.Assert) for part in ast.walk(parsed(cell.source))) for cell in own]
    if found <= {"checks", "told"} and all(asserts) and tried:
        return "checks", tried
    later = set().union(*(used(cell.source) for cell in cells[last + 1 :]))
    computed = list(dict.fromkeys(name for cell in own for name in assigned(cell.source)))
    if kept := [name for name in computed if name in later]:
        return "computes", kept
    if any(asserts) and tried:
        return "checks", tried
    if tried or computed:
        return "prints" if any(cell.get("outputs") for cell in own) else "runs", tried or computed
    return "checks" if "checks" in found else "code", []
