"""Give Sphinx each chapter with the outputs of its current execution, and offer that notebook for download."""

import functools
import pathlib
import sys

import nbformat

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
import book  # noqa: E402 - found through the line above


def chapter_of(docname: str) -> str | None:
    """The chapter's name, or None for the other pages."""
    return docname.removeprefix("notebooks/") if docname.startswith("notebooks/") else None


@functools.cache
def chapter(name: str) -> nbformat.NotebookNode:
    """The chapter with the outputs that this build shows; not to be changed."""
    return book.executed(name)


@functools.cache
def record(name: str) -> dict | None:
    """The record of the chapter's current execution."""
    return book.current(name)


@functools.cache
def text(name: str) -> str:
    """The same notebook as it is downloaded."""
    return nbformat.writes(chapter(name)) + "\n"


@functools.cache
def version(name: str) -> str:
    """Digest of all that this text is made of."""
    return book.digest((book.ROOT / "notebooks" / f"{name}.ipynb").read_bytes(), (record(name) or {"sha256": ""})["sha256"])


def put_outputs(app, docname, source):
    if chapter_of(docname):
        source[0] = text(chapter_of(docname))


def note_execution(app, doctree):
    """Which executed notebook the page shows, and that notebook for download."""
    name = chapter_of(app.env.docname)
    if name:
        app.env.metadata[app.env.docname]["executed"] = version(name)
        if app.builder.format == "html":
            folder = pathlib.Path(app.outdir) / "executed"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.ipynb").write_text(text(name), encoding="utf-8")


def find_outdated(app, env, added, changed, removed):
    """Chapters whose executed notebook is another than the one last read, and the book's own pages, which tell of all chapters."""
    shown = {docname: env.metadata[docname].get("executed") for docname in env.found_docs - added}
    return [docname for docname, digest in shown.items() if not chapter_of(docname) or digest != version(chapter_of(docname))]


def read_on_all_cores(app, config):
    """The table of contents brings an extension that this book switches off and that does not say it is safe; the rest are."""
    app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True


def setup(app):
    app.connect("config-inited", read_on_all_cores)
    app.connect("source-read", put_outputs, priority=100)
    app.connect("doctree-read", note_execution)
    app.connect("env-get-outdated", find_outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
