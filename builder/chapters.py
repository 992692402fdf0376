"""The book's chapters: which there are, the cells and claims of each, and what the book's configuration says of them."""

import copy
import difflib
import functools
import os
import pathlib
import re
import sys

# jsonschema tries to import this only to check international addresses, and compiling its grammar takes seconds.
sys.modules.setdefault("rfc3987_syntax", None)

import nbformat  # noqa: E402 - see above
import yaml  # noqa: E402

from .files import ROOT, BookError, git, text_of  # noqa: E402


def configuration() -> dict:
    """`_config.yml`, as far as the builder reads it: its own part is `builder`."""
    return yaml.safe_load(text_of(ROOT / "_config.yml"))


# What `builder` in `_config.yml` may hold, and of which kind.
OPTIONS = {
    "resources": list, "links": dict, "environment": dict, "form": dict, "glossary": str, "chart_font": str, "description": str, "colab_freeze": str, "stand_ins": dict, "licence": str,
    "first_day": object, "based_on": str, "pdf": str, "locks": dict, "torch_locks": dict, "asked": dict,
}  # fmt: skip


def option(name: str, otherwise=None):
    """What the book's `_config.yml` says under `builder`."""
    return (configuration().get("builder") or {}).get(name, otherwise)


def byline() -> str:
    """Who wrote it, as running text: By the authors of a book."""
    author = configuration().get("author") or ""
    return author and f"By {re.sub('^The ', 'the ', author)}"


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


def check_names(names: list[str]) -> None:
    """An error that names the nearest chapter where one of these is none of the book."""
    for name in sorted(set(names) - set(chapters())):
        near = difflib.get_close_matches(name, chapters(), n=1)
        raise BookError(f"no chapter '{name}' in _toc.yml: " + (f"did you mean {near[0]}?" if near else f"the chapters are {', '.join(chapters())}"))


def source_path(chapter: str) -> pathlib.Path:
    return ROOT / "notebooks" / f"{chapter}.ipynb"


def committed(*names: str) -> tuple[str, str]:
    """Hash and date (ISO 8601) of the commit that last changed one of these chapters: the hash is empty where a file has changed since, both where git does not tell."""
    files = [f"notebooks/{name}.ipynb" for name in names]
    version, _, date = git("-c", "log.showSignature=false", "log", "-1", "--format=%H %cI", "--", *files).partition(" ")
    return "" if git("--no-optional-locks", "status", "--porcelain", "--", *files) else version, date


@functools.lru_cache(maxsize=32)
def _parsed(text: str) -> nbformat.NotebookNode:
    notebook = nbformat.convert(nbformat.reader.reads(text), 4)  # `nbformat.reads` would validate too, and go on with what is invalid
    nbformat.validate(notebook)
    return notebook


def load(chapter: str) -> nbformat.NotebookNode:
    """The chapter's notebook as it stands in the tree."""
    path = source_path(chapter)
    try:
        return copy.deepcopy(_parsed(text_of(path)))
    except BookError:
        raise
    except FileNotFoundError:
        raise BookError(
            f"notebooks/{path.name} is missing: restore it with `git checkout`, or take it out of _toc.yml"
        ) from None
    except OSError as error:
        raise BookError(f"notebooks/{path.name} cannot be read ({error.strerror}): see to its permissions") from None
    except Exception as error:
        cause = str(error).splitlines()[0]
        raise BookError(f"notebooks/{path.name} is not a valid notebook ({cause}): restore or repair it") from error


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


OF_IPYTHON = re.compile(r"^\s*[%!?/,;]|=\s*[%!]|\?\s*$", re.M)  # to import IPython takes a while
RUN_HERE = re.compile(r"\s*%%(?:time|timeit|capture|prun)\b.*\n?")


def python(source: str) -> str:
    """A cell's code as Python, as IPython reads it: a line of its own (`%name`, `!command`, `name?`), also after `x = `, becomes a call, and so does a cell that another program runs (`%%bash`)."""
    while head := RUN_HERE.match(source):
        source = source[head.end() :]
    if not OF_IPYTHON.search(source):
        return source
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


def claims(notebook: nbformat.NotebookNode) -> list[dict]:
    """The chapter's claims: number, slug (that of its address, which stays when claims are inserted), whether it is a main one, sentence (Markdown), cell, and the text that it printed.

    A claim is a Markdown cell that begins `**Claim 3.**`, followed by one code cell tagged `claim`.
    """
    found = []
    for cell, following in zip(notebook.cells, [*notebook.cells[1:], None]):
        match = re.match(r"\*\*Claim (\d+)\.\*\*\s*(.*)", cell.source, re.S)
        if cell.cell_type == "markdown" and match:
            code = following if following and "claim" in following.metadata.get("tags", []) else None
            printed = "".join(o.text for o in code.get("outputs", []) if o.output_type == "stream") if code else ""
            slug = cell.metadata.get("slug") or f"claim-{match[1]}"
            main = cell.metadata.get("main") is True
            found.append({"number": int(match[1]), "slug": slug, "main": main, "text": match[2].strip(), "cell": code, "value": printed.strip("\n")})
    return found


OF_PANDAS = re.compile(r"\n(?:(?:Freq|Name|Length): .*, )*dtype: \S+\s*$")  # the last line of a Series


def without_type(text: str) -> str:
    """What a cell displays without pandas' line about a Series, which is for programmers."""
    return OF_PANDAS.sub("", text)


def in_markdown(output: nbformat.NotebookNode) -> str:
    """What a cell's output says in words, for the chapter's Markdown; empty where it is for the eye."""
    data = output.get("data", {})
    for_the_eye = any(kind.startswith(("image/", "application/vnd")) for kind in data) or re.fullmatch(r"<[\w.]+ object.*>", data.get("text/plain", ""))
    text = output.get("text") or data.get("text/markdown") or ("" if for_the_eye else without_type(data.get("text/plain", "")))
    return f"```text\n{text.rstrip()}\n```" if text else ""


def title(notebook: nbformat.NotebookNode) -> str:
    return re.match(r"# (.+)", notebook.cells[0].source)[1].strip()


def question(notebook: nbformat.NotebookNode) -> str:
    """The first paragraph after the title: one sentence with the chapter's question; empty where there is none."""
    text = "\n\n".join(cell.source for cell in notebook.cells[:2] if cell.cell_type == "markdown")
    return re.split(r"\n\s*\n", text.partition("\n")[2].strip())[0].replace("\n", " ")


def on_card(notebook: nbformat.NotebookNode) -> str:
    """The question in short, for the chapter's card: the title's metadata `card`, or else the question itself."""
    return notebook.cells[0].metadata.get("card") or question(notebook)


def needs(notebook: nbformat.NotebookNode) -> str:
    """What the chapter says that a reader needs to know, to the first full stop or semicolon, without what stands in parentheses; empty where it says nothing."""
    text = "\n\n".join(cell.source for cell in notebook.cells[:4] if cell.cell_type == "markdown")
    said = re.search(r"\*\*What you need(?: to know)?\*\*: +(.+?)(?:\n\s*\n|$)", text, re.S)
    return re.sub(r" \((?:[^()]|\([^()]*\))*\)", "", re.split(r"[.;](?:\s|$)", said[1])[0].replace("\n", " ")).strip() + "." if said else ""


def outline(notebook: nbformat.NotebookNode) -> list[str]:
    """What other pages may name of the chapter: its headings, its question, and the numbers of its claims and code cells."""
    headings = [line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines() if line.startswith("#")]
    return [*headings, question(notebook), *(f"{claim['number']} {claim['slug']}" for claim in claims(notebook)), str(len(code_cells(notebook)))]


def recipe(notebook: nbformat.NotebookNode) -> int:
    """The place among its cells of the recipe that `## What to do` has, or where it has none, sends the reader back to; without one, of that heading."""
    heading = next((i for i, cell in enumerate(notebook.cells) if cell.cell_type == "markdown" and re.search(r"^## What to do", cell.source, re.M)), len(notebook.cells))
    places = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and "recipe" in cell.metadata.get("tags", [])]
    return next((i for i in places if i > heading), places[-1] if places else heading)


def short_road(notebook: nbformat.NotebookNode) -> tuple[int, int, int]:
    """Words (a formula's signs are words, too), lines of open code and of what cells printed, and figures, from the title to the recipe, without what is folded away, as a claim's code is."""
    words = lines = figures = 0
    folded = False
    for cell in notebook.cells[: recipe(notebook)]:
        if cell.cell_type == "code":
            tags = cell.metadata.get("tags", [])
            if folded or {"hide-cell", "hide-output"} & set(tags):
                continue
            shown = [output.get("text", "") for output in cell.get("outputs", []) if output.output_type == "stream"]
            shown += [cell.source] * ("claim" not in tags and "hide-input" not in tags)
            lines += sum(bool(line.strip()) for text in shown for line in text.splitlines())
            figures += "figure" in cell.metadata.get("mystnb", {})
            continue
        for part in re.split(r"(</?details[^>]*>)", cell.source):
            if part.startswith(("<details", "</details")):
                folded = part.startswith("<details")
            elif not folded:
                words += len(re.findall(r"\w+", part))
    return words, lines, figures
