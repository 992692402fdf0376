"""The book's chapters: which there are, the cells and claims of each, and what the book's configuration says of them."""

import copy
import functools
import os
import pathlib
import re
import sys

# jsonschema tries to import this only to check international addresses, and compiling its grammar takes seconds.
sys.modules.setdefault("rfc3987_syntax", None)

import nbformat  # noqa: E402 - see above
import yaml  # noqa: E402

from .files import ROOT, BookError  # noqa: E402


def configuration() -> dict:
    """`_config.yml`, as far as the builder reads it: its own part is `builder`."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


def option(name: str, otherwise=None):
    """What the book's `_config.yml` says under `builder`."""
    return (configuration().get("builder") or {}).get(name, otherwise)


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
