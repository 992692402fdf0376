"""Lay out a new chapter: a notebook with the parts that every chapter has, entered in `_toc.yml`.

    make new CHAPTER=name

It passes the tests of form; what it says, claims and asks is still to be written.
"""

import hashlib
import re

import nbformat

from .chapters import source_path
from .files import ROOT, BookError, write_atomically

FIGURE = {"image": {"alt": "Say in words what the figure shows"}, "figure": {"caption": "What to see in it, in a sentence."}}
# Text or code of each cell, and its metadata.
CELLS = [
    ("# {title}\n\nIn one sentence: which question does this chapter answer, and for whom?", {}),
    ("**What you need to know**: one line. Before it, if need be, a sentence on the way from the question to the answer, which tells nothing that a guess asks.", {}),
    ("## Setup", {}),
    (
        "import altair as alt\nimport matplotlib.pyplot as plt\nimport numpy as np\nimport pandas as pd\nimport seaborn as sns\n\n"
        'no_box = {"axes.spines.top": False, "axes.spines.right": False}\nsns.set_theme(style="ticks", palette="colorblind", rc=no_box)\n'
        "rng = np.random.default_rng(0)",
        {},
    ),
    ("## The first question\n\nThe smallest example that bears on it.", {}),
    ("> **Guess first.** Of 100 standard normals, how many are above zero?", {"guess": {"min": 0, "max": 100, "printed": r"in 100, (\d+) are"}}),
    ("**Claim 1.** One falsifiable sentence about the thing that the next cell computes.", {"slug": "what-claim-1-says", "main": True}),
    (
        "above = np.mean(rng.normal(size=10_000) > 0)\n"
        'print(f"in 100, {100 * above:.0f} are above zero")\n'
        '# Five standard errors of a share.\nassert abs(above - 0.5) < 5 * 0.5 / np.sqrt(10_000), "not half of them"',
        {"tags": ["claim"]},
    ),
    *(
        part
        for number in range(2, 9)
        for part in (
            (f"**Claim {number}.** One falsifiable sentence about the thing that the next cell computes.", {"slug": f"what-claim-{number}-says"}),
            (
                'value = rng.normal(size=10_000).mean()\nprint(f"the mean of 10,000 standard normals: {value:.2f}")\n'
                '# Five standard errors: the theory that the value is compared with.\nassert abs(value) < 5 / np.sqrt(10_000), "too far from zero"',
                {"tags": ["claim"]},
            ),
        )
    ),
    ("## A figure, and a chart that moves", {}),
    (
        'x = np.linspace(-3, 3, 121)\ndensity = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)\nassert np.isclose(np.trapezoid(density, x), 0.9973, atol=1e-4), "the area within 3"\n\n'
        'fig, ax = plt.subplots()\nax.plot(x, density)\nax.set(xlabel="x", ylabel="density")\nplt.show()',
        {"mystnb": FIGURE, "slug": "what-the-figure-shows", "tags": ["hide-input"]},
    ),
    (
        'slider = alt.binding_range(min=0.5, max=3, step=0.5, name="scale: ")\nscale = alt.param(value=1, bind=slider)\n'
        'chart = alt.Chart(pd.DataFrame({"x": x, "density": density}))\n'
        'chart = chart.transform_calculate(scaled=f"datum.density * {scale.name}")\n'
        'chart.mark_line().encode(x="x", y="scaled:Q").add_params(scale)',
        {"mystnb": FIGURE, "slug": "what-the-chart-shows", "tags": ["hide-input"]},
    ),
    ("### Side road: what few readers need\n\n<details>\n<summary>Say what it shows, and for whom</summary>\n\nA proof, or another case. Cells may follow.\n\n</details>", {}),
    ("## What to do\n\nThe recipe, ready to copy.", {}),
    (
        'def recipe(values):\n    """Share of positive values, an array of shape (n,).\n\n    ValueError where there are none, or something is missing.\n    """\n'
        '    values = np.asarray(values, dtype=float)\n    if values.ndim != 1 or not values.size or np.isnan(values).any():\n'
        '        raise ValueError("give a list of numbers: take out what is missing")\n    return np.mean(values > 0)\n\n\n'
        "assert recipe([-1, 1, 2, 3]) == 0.75",
        {"tags": ["recipe"]},
    ),
    (
        '# What it refuses.\nfor wrong in ([], [[1, 2]], [1, np.nan]):\n    try:\n        recipe(wrong)\n    except ValueError as error:\n'
        '        assert "take out what is missing" in str(error)\n    else:\n        raise AssertionError(f"{wrong} was accepted")',
        {"tags": ["hide-input"]},
    ),
    ("## What goes wrong in practice\n\nEach failure under the words of its message, or of the question as people ask it.", {}),
    ("## Exercises", {}),
    *(
        part
        for number in range(1, 4)
        for part in (
            (f"### Exercise {number}\n\nA question to the reader.", {}),
            (f'# @title Solution {number}\nassert recipe([{number}, -1]) == 0.5', {"tags": ["hide-cell"]}),
        )
    ),
    ("## Further reading\n\nPrimary sources, with DOI.", {}),
]


def layout(name: str) -> nbformat.NotebookNode:
    cells = []
    for number, (text, metadata) in enumerate(CELLS):
        prose = text.startswith(("#", "**", "> ")) and not text.startswith(("# @", "# What"))
        make = nbformat.v4.new_markdown_cell if prose else nbformat.v4.new_code_cell
        cell = make(text.replace("{title}", name.replace("_", " ").capitalize()) if not number else text, metadata=metadata)
        cell.id = hashlib.sha256(f"{name} {number}".encode()).hexdigest()[:8]
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
    lines = list(re.finditer(r"^( *)- file: notebooks/\S+ *\n", text, re.M))
    write_atomically(path, nbformat.writes(layout(name)) + "\n")
    if not lines:
        print(f"notebooks/{name}.ipynb is laid out: list it in _toc.yml as `- file: notebooks/{name}`.")
        return
    last = lines[-1]
    write_atomically(contents, text[: last.end()] + f"{last[1]}- file: notebooks/{name}\n" + text[last.end() :])
    print(f"notebooks/{name}.ipynb is laid out, and listed in _toc.yml as the last chapter of the last part with chapters: move it to its own.")
    print(f"Write it with `make lab`; see it with `make CHAPTER={name}`; check it with `make test CHAPTER={name}`.")
