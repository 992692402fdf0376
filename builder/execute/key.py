"""What a chapter's outputs depend on: its code, the files it names, the packages it imports, and how it is run."""

import ast
import contextlib
import functools
import importlib.metadata
import json
import pathlib
import platform
import re
import sys

import nbformat
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .. import letters
from ..chapters import code_cells, option
from ..files import ROOT, digest


def resources(notebook: nbformat.NotebookNode) -> list[pathlib.Path]:
    """The files of the folders `resources` in `_config.yml` that the chapter's code names, by file name or by folder name.

    Only these are visible to the chapter when it is executed, so that it cannot depend on a file unnoticed.
    """
    code = "\n".join(cell.source for cell in code_cells(notebook)).replace("-", "_")
    found = []
    for folder in option("resources", []):
        for path in sorted((ROOT / folder).rglob("*")):
            relative = path.relative_to(ROOT / folder)
            names = (path.name, relative.parts[0]) if len(relative.parts) > 1 else (path.name,)
            if path.is_file() and any(name.replace("-", "_") in code for name in names):
                found.append(path)
    return found


@functools.cache
def _modules() -> dict[str, list[str]]:
    """The distributions that bring each top-level module."""
    return importlib.metadata.packages_distributions()


@functools.cache
def _requirements(name: str) -> tuple[str, ...]:
    requirements = map(Requirement, importlib.metadata.requires(name) or [])
    return tuple(canonicalize_name(r.name) for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""}))


def versions(names: list[str]) -> dict[str, str]:
    """Name and version of the named installed distributions and of all they require."""
    return dict(_versions(tuple(names)))


@functools.cache
def _versions(names: tuple[str, ...]) -> dict[str, str]:
    found, queue = {}, [canonicalize_name(name) for name in names]
    while queue:
        name = queue.pop()
        if name in found:
            continue
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
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


def distributions(notebook: nbformat.NotebookNode) -> list[str]:
    """The installed distributions that bring the modules which the chapter's code imports."""
    return sorted({canonicalize_name(name) for module in imported(notebook) for name in _modules().get(module, [])})


def dependencies(notebook: nbformat.NotebookNode) -> dict:
    """All that the chapter's outputs depend on, by name.

    Prose and captions are not in it: changing them executes nothing.
    """
    return {
        "cells": [digest(cell.source) for cell in code_cells(notebook)],
        "kernel": notebook.metadata.get("kernelspec", {}).get("name", "python3"),
        "files": {str(path.relative_to(ROOT)): digest(path.read_bytes()) for path in resources(notebook)},
        "packages": versions([*distributions(notebook), "ipykernel", "matplotlib-inline"]),
        "python": platform.python_version(),
        "machine": f"{sys.platform} {platform.machine()}",
        "run": _how_it_is_run(),
    }


@functools.cache
def _how_it_is_run() -> str:
    """Digest of the code that runs a cell and of the kernel's settings: without comments and docstrings, and without the scheduler."""
    folder = pathlib.Path(__file__).parent
    code = [_code(path.read_text(encoding="utf-8")) for path in sorted([folder / "chapter.py", *folder.glob("kernel/*.py"), pathlib.Path(letters.__file__)])]
    return digest(*code, (folder / "kernel" / "matplotlibrc").read_bytes(), letters.source(), json.dumps([option("environment"), option("links")], sort_keys=True))


def _code(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body[:1] = [ast.Pass()]
    return ast.dump(tree)


def key(notebook: nbformat.NotebookNode) -> str:
    return digest(json.dumps(dependencies(notebook), sort_keys=True))
