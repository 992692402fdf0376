"""A small book: `builder/` and a configuration of its own, two tiny chapters, and nothing else of this book but its looks."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import psutil

from builder.files import ROOT

ONE = ["# One\n\nIs one and one still two, and nothing else?", 'import json\nprint("sum", 1 + 1)']
TWO = [
    "# Two\n\nWhat stands in the file that lies beside the chapters?",
    'from pathlib import Path\ntext = Path("../data/small.txt").read_text()\nprint(text)',
    "print(len(text))",
]
CONFIG = """
title: A small book
author: its tests
copyright: "2026"
only_build_toc_files: true
exclude_patterns: [_build, builder, data]
builder: {resources: [data]}
repository: {url: https://github.com/small/book, branch: main}
launch_buttons: {colab_url: "https://colab.research.google.com", binderhub_url: "https://mybinder.org"}
html: {use_repository_button: true}
execute: {execute_notebooks: "off"}
parse: {myst_enable_extensions: [colon_fence, dollarmath, substitution]}
sphinx:
  recursive_update: true
  local_extensions: {builder.pages: .}
  extra_extensions: [sphinxext.opengraph]
  config:
    myst_heading_anchors: 3
    nb_merge_streams: true
    html_static_path: [book/_static]
    html_css_files: [book.css]
    html_js_files: [book.js, charts.js]
    templates_path: [book/_templates]
    ogp_social_cards: {enable: false}
    suppress_warnings: [myst.domains, mystnb.mime_priority]
    numfig: false
"""
TOC = """
format: jb-book
root: book/intro
parts:
  - caption: Small
    chapters: [{file: notebooks/one}, {file: notebooks/two}]
  - caption: The book
    chapters: [{file: book/claims}, {file: book/doubt}, {file: book/execution}, {file: book/running}]
"""
PAGES = {
    "intro": "# A small book\n\nIt has **{{ n_claims }} claims** in {{ n_chapters }} chapters.\n\n```{chapters}\n```\n",
    "claims": "# Claims\n\n```{claims-ledger}\n```\n",
    "doubt": "# Doubt\n\n```{doubt}\n```\n",
    "execution": "# Execution\n\n```{execution}\n```\n",
    "running": "# How to run it\n\nWith make, or as {{ pdf }}.\n",
}


def wait_until(condition, what, seconds=300):
    """Wait for something that happens sooner or later on any machine; returns what the condition gives."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)
    return found


class SmallBook:
    def __init__(self, root):
        self.root = root
        shutil.copytree(ROOT / "builder", root / "builder", ignore=shutil.ignore_patterns("__pycache__"))
        for folder in ("_static", "_templates"):
            shutil.copytree(ROOT / "book" / folder, root / "book" / folder)
        for name, text in PAGES.items():
            (root / "book" / f"{name}.md").write_text(text)
        (root / "requirements.txt").write_text("# The chapters\nnumpy~=2.4\n")
        (root / "_config.yml").write_text(CONFIG)
        (root / "_toc.yml").write_text(TOC)
        (root / "notebooks").mkdir()
        (root / "data").mkdir()
        self.write_data("first")
        self.write("one", ONE)
        self.write("two", TWO)

    @classmethod
    def at(cls, root):
        """The book that stands there already."""
        found = cls.__new__(cls)
        found.root = root
        return found

    def write(self, name, cells, kernel="python3", tags=()):
        """A notebook whose first cell is prose and whose others are code, the last of them with these tags; `**Claim` begins prose as well."""
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}})
        for number, source in enumerate(cells):
            prose = number == 0 or source.startswith(("**", "> ", "[", "## "))
            new = nbformat.v4.new_markdown_cell if prose else nbformat.v4.new_code_cell
            notebook.cells.append(new(source, id=f"cell-{number}"))
        if tags:
            notebook.cells[-1].metadata["tags"] = list(tags)
        nbformat.write(notebook, self.root / "notebooks" / f"{name}.ipynb")

    def write_data(self, text, *, checksum=True):
        (self.root / "data" / "small.txt").write_text(text)
        if checksum:
            sums = subprocess.run(["sha256sum", "small.txt"], cwd=self.root / "data", capture_output=True, text=True, check=True)
            (self.root / "data" / "SHA256SUMS").write_text(sums.stdout)

    def command(self, *arguments):
        return [sys.executable, "-m", "builder", *arguments]

    def run(self, *arguments, preexec_fn=None, **environment):
        """Run a command of the small book's builder (`execute` where none is named) to its end."""
        return subprocess.run(
            self.command(*(arguments or ["execute"])), cwd=self.root, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
            preexec_fn=preexec_fn,
        )  # fmt: skip

    def start(self, *arguments, sigint=signal.SIG_DFL, **options):
        """Start a command, with this disposition of SIGINT."""
        return subprocess.Popen(
            self.command(*arguments), cwd=self.root, text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, sigint), **options
        )

    def render(self):
        result = self.run("render")
        assert result.returncode == 0, result.stderr
        return self.site

    @property
    def site(self):
        return (self.root / "_build" / "html").resolve()

    def times(self):
        """When each chapter was last executed."""
        return {p.stem: p.stat().st_mtime_ns for p in (self.root / "_build" / "executed").glob("*.json")}

    def executed_by(self, change, **environment):
        """The chapters that the next build executes after `change`."""
        before = self.times()
        change()
        result = self.run(**environment)
        assert result.returncode == 0, result.stderr
        return {name for name, when in self.times().items() if when != before.get(name)}

    def printed(self, name):
        notebook = nbformat.read(self.root / "_build" / "executed" / f"{name}.ipynb", as_version=4)
        return "".join(o.get("text", "") for c in notebook.cells if c.cell_type == "code" for o in c.outputs)

    def processes(self):
        """What runs in this book's folder: builders, workers, kernels, Sphinx."""
        found = []
        for process in psutil.process_iter():
            try:
                if pathlib.Path(process.cwd().removesuffix(" (deleted)")).is_relative_to(self.root) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                pass
        return found

    def failing(self, *words, command=("execute",), **environment):
        """The command fails, says these words in one line, and names the book as the speaker."""
        result = self.run(*command, **environment)
        assert result.returncode not in (0, None), "it succeeded: " + result.stdout
        last = result.stderr.strip().splitlines()[-1]
        assert last.startswith("book: ") and "Traceback" not in result.stderr, result.stderr
        for word in words:
            assert word in result.stderr, result.stderr
        return result

    def mended(self):
        result = self.run()
        assert result.returncode == 0, result.stderr
        assert "sum 2" in self.printed("one") and self.printed("two")


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
