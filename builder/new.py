"""Lay out a new chapter: a notebook with the parts that every chapter has, entered in `_toc.yml`.

    make new CHAPTER=name

It passes the tests of form; what it says, claims and asks is still to be written.
"""

import hashlib
import re

import nbformat

from .chapters import source_path
from .files import ROOT, BookError, write_atomically

SECTIONS = [
    "# {title}\n\nIn one sentence: which question does this chapter answer, and for whom?",
    "**What you will see.** Three to six lines, the surprising one included.\n\n**What you need to know.** One line.",
    "## Setup",
    'import matplotlib.pyplot as plt\nimport numpy as np\nimport seaborn as sns\n\n'
    'sns.set_theme(style="ticks", palette="colorblind", rc={"axes.spines.top": False, "axes.spines.right": False})\n'
    "rng = np.random.default_rng(0)",
    "## The first question\n\nThe smallest example that bears on it.",
    *(
        part
        for number in range(1, 9)
        for part in (
            f"**Claim {number}.** One falsifiable sentence about the thing that the next cell computes.",
            'value = rng.normal(size=10_000).mean()\nprint(f"the mean of 10,000 standard normals: {value:.2f}")\n'
            "# Five standard errors: the theory that the value is compared with.\nassert abs(value) < 5 / np.sqrt(10_000)",
        )
    ),
    "## What goes wrong in practice",
    "## What to do",
    *(
        part
        for number in range(1, 4)
        for part in (f"### Exercise {number}\n\nA question to the reader.", f"# @title Solution {number}\nassert rng.random() < 1")
    ),
    "## Further reading\n\nPrimary sources, with DOI.",
]


def layout(name: str) -> nbformat.NotebookNode:
    cells = []
    for number, section in enumerate(SECTIONS):
        text = section.replace("{title}", name.replace("_", " ").capitalize())
        prose = text.startswith(("#", "**")) and not text.startswith("# @")
        cell = nbformat.v4.new_markdown_cell(text) if prose else nbformat.v4.new_code_cell(text)
        cell.id = hashlib.sha256(f"{name} {number}".encode()).hexdigest()[:8]
        if text.startswith("# @title"):
            cell.metadata.tags = ["hide-cell"]
        elif not prose and "assert" in text:
            cell.metadata.tags = ["claim"]
        cells.append(cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def new(name: str) -> None:
    """Lay out the chapter `name` and enter it in `_toc.yml`."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise BookError("name the chapter in lower case, words joined by underscores: make new CHAPTER=my_topic")
    path, contents = source_path(name), ROOT / "_toc.yml"
    if path.exists():
        raise BookError(f"notebooks/{name}.ipynb is there already: choose another name")
    text = contents.read_text(encoding="utf-8")
    own = text.index("  - caption: The book")
    write_atomically(path, nbformat.writes(layout(name)) + "\n")
    write_atomically(contents, text[:own] + f"      - file: notebooks/{name}\n" + text[own:])
    print(f"notebooks/{name}.ipynb is laid out, and listed as the last chapter of _toc.yml: move it to its part.")
    print(f"Write it with `make lab`; see it with `make CHAPTER={name}`; check it with `make test`.")
