"""Give Sphinx each chapter with the outputs of its current execution, and offer that notebook for download."""

import pathlib
import sys

import nbformat

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
import book  # noqa: E402 - found through the line above


def chapter_of(docname: str) -> str | None:
    """The chapter's name, or None for the other pages."""
    return docname.removeprefix("notebooks/") if docname.startswith("notebooks/") else None


def put_outputs(app, docname, source):
    if chapter_of(docname):
        source[0] = nbformat.writes(book.executed(chapter_of(docname)))


def offer_downloads(app, exception):
    if exception or app.builder.format != "html":
        return
    folder = pathlib.Path(app.outdir) / "executed"
    folder.mkdir(exist_ok=True)
    for docname in filter(chapter_of, app.env.found_docs):
        nbformat.write(book.executed(chapter_of(docname)), folder / f"{chapter_of(docname)}.ipynb")


def setup(app):
    app.connect("source-read", put_outputs, priority=100)
    app.connect("build-finished", offer_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
