"""The page around the text: MathJax from an installed package, one line of facts under each chapter's title."""

import importlib.metadata
import pathlib
import shutil

import book
from docutils import nodes
from executed import chapter_of

MATHJAX = ("tex-chtml.js", "output/chtml/fonts")


def facts(app, doctree):
    """Under the title: how long the chapter ran in this build, its cells and claims, its downloads."""
    name = chapter_of(app.env.docname)
    if not name or app.builder.format != "html":
        return
    found, notebook = book.current(name), book.executed(name)
    title = next(iter(doctree.findall(nodes.title)))
    seconds = f'<span class="measured">{found["seconds"]:.0f} s</span>'
    line = (
        f'<p class="facts">Executed by this build in {seconds}: <a href="../book/execution.html">{found["n_cells"]} cells</a>, '
        f'<a href="../book/claims.html#{name}">{len(book.claims(notebook))} claims</a>, all hold. '
        f'Notebook: <a href="../_sources/notebooks/{name}.ipynb" download>clean</a>, <a href="../executed/{name}.ipynb" download>executed</a></p>'
    )
    title.parent.insert(title.parent.index(title) + 1, nodes.raw("", line, format="html"))


def copy_mathjax(app, exception):
    if exception or app.builder.format != "html":
        return
    package = next(p for p in importlib.metadata.files("sphinx-mathjax-offline") if p.name == "tex-chtml.js")
    source = pathlib.Path(package.locate()).parent
    for name in MATHJAX:
        target = pathlib.Path(app.outdir) / "_static" / "mathjax" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (source / name).is_dir() else shutil.copy)(source / name, target)


def setup(app):
    app.connect("doctree-read", facts, priority=700)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
