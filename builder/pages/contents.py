"""What the book knows of itself: the gallery of chapters, its numbers, and the page of execution times.

    ```{chapters}
    ```
    ```{execution}
    ```

`{{ n_claims }}`, `{{ n_cells }}` and `{{ n_chapters }}` stand for the numbers in the text of any page, `{{ pdf }}` for the printed book, which becomes a link where `make pdf` has put the file (paper.py).
"""

import html
import math
import os
import pathlib
import platform
import re

import PIL.Image
from docutils import nodes
from docutils.utils.smartquotes import smartyPants
from sphinx.util.docutils import SphinxDirective

from .. import chapters
from ..render.covers import cover
from ..render.delivery import PDF
from ..render.drawn import drawn
from ..render.palette import COLOURS
from ..render.pictures import thumbnail
from ..requirements import direct
from ..versions import outcome, records
from . import executed
from .executed import chapter_of
from .links import link
from .typography import sentences


LINE = 110  # letters of a claim on the first card


def present(env) -> list[tuple[str, list[str]]]:
    """Parts and chapters that this build contains."""
    found = {chapter_of(name) for name in env.found_docs}
    return [(part, [c for c in names if c in found]) for part, names in chapters.parts() if found & set(names)]


def only_listed(app, config):
    """Pages are the files that `_toc.yml` lists, and what else lies in the folder is not even looked at: hidden files of systems and editors, folders that links lead to."""

    def listed(part):
        for name, value in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
            if name in ("root", "file", "glob"):
                yield value
            yield from listed(value)

    def plain(name):
        return re.sub(r"[?*[]", "?", name)

    if config.external_toc_exclude_missing:
        config.external_toc_exclude_missing = False  # it would look for all that is not listed, where it does not find what is hidden, and follows links
        names = list(listed(chapters.toc()))
        config.include_patterns = [plain(name) + ending for name in names for ending in ("", ".md", ".ipynb")]
        links = [path.name for path in pathlib.Path(app.srcdir).iterdir() if path.is_symlink() and not any(name.startswith(f"{path.name}/") for name in names)]
        config.exclude_patterns = [*config.exclude_patterns, *map(plain, links)]


def count(app, config):
    """Numbers for the text, from the executions themselves."""
    notebooks = [executed.chapter(name) for name in chapters.chapters() if (executed.record(name) or {"error": 1})["error"] is None]
    config.myst_substitutions = {
        **config.myst_substitutions,
        "n_chapters": str(len(notebooks)),
        "n_cells": str(sum(len(chapters.code_cells(n)) for n in notebooks)),
        "n_claims": str(sum(len(chapters.claims(n)) for n in notebooks)),
        "pdf": PDF,
    }


class Chapters(SphinxDirective):
    """A card a chapter: its part, picture, title, question in short, and what it needs. The first, which is larger on a wide screen, has main claims too."""

    def run(self):
        cards = "".join(self.card(part, name) for part, names in present(self.env) for name in names)
        return [nodes.raw("", f'<div class="cards">{cards}</div>', format="html")]

    def card(self, part, name):
        notebook = executed.chapter(name)
        picture = pictured(self.env.app, name, lambda theme: cover(name, theme))
        needs = chapters.needs(notebook)
        needs = f'<span class="card-needs">You need: {shown(needs)}</span> ' if needs else ""
        if first := name == chapters.chapters()[0]:
            told = [sentences(" ".join(claim["text"].split()))[0] for claim in chapters.claims(notebook) if claim["main"]]
            needs = "".join(f'<span class="card-claim">{shown(one)}</span> ' for one in told if "$" not in one and len(one) <= LINE) + needs
        return (
            f'<a class="card" href="../notebooks/{name}.html">{picture}<span class="card-part">{"Start here: " * first}{html.escape(part)}</span> '
            f'<span class="card-title">{html.escape(chapters.title(notebook))}</span> '
            f'<span class="card-question">{shown(chapters.on_card(notebook))}</span> {needs}'
            f'<span class="card-facts">{road(notebook)} · {len(chapters.claims(notebook))} claims</span></a>'
        )


def minutes(notebook) -> int:
    """How long the short road takes to read: 238 words a minute (Brysbaert 2019, doi:10.1016/j.jml.2019.104047), and, by nobody's measurement, 3 seconds a line and 12 a figure."""
    words, lines, figures = chapters.short_road(notebook)
    return max(5, math.ceil(words / 238 + lines / 20 + figures / 5))


def road(notebook, recipe: str = "the recipe") -> str:
    """The same in words, wherever they stand."""
    return f"{minutes(notebook)}&nbsp;minutes to {recipe}"


def pictured(app, name: str, draw, alt: str = "", loading: str = "lazy") -> str:
    """What `draw(theme)` gives as SVG, small, in both themes; empty where it gives none."""
    images = ""
    for theme in ("light", "dark"):
        if svg := draw(theme):
            path = pathlib.Path(app.outdir) / "covers" / f"{name}-{theme}.webp"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(drawn(thumbnail, svg, COLOURS[theme]["paper"]))
            width, height = PIL.Image.open(path).size
            images += f'<img class="only-{theme}" src="../covers/{path.name}" width="{width}" height="{height}" alt="{html.escape(alt)}" loading="{loading}">'
    return images


def shown(markdown: str) -> str:
    return html.escape(smartyPants(plain(markdown), "q"))


def plain(markdown: str) -> str:
    """Markdown without its marks."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"[*`]|\b_|_\b(?!_)", "", markdown))


HEAD_ENDS = "<!--head-->"


def key_figures(told: list[tuple[str, str]]) -> str:
    """Numbers in large type, each with the words for it, as beside a chapter's chart."""
    said = "".join(f'<p style="--mark: var(--part)"><strong class="told-number" style="--letters: {len(number)}">{html.escape(number)}</strong> <span>{html.escape(words)}</span></p>' for number, words in told)
    return said and f'<div class="told">{said}</div>'


def head(told: list[tuple[str, str]], *below: nodes.Node) -> nodes.container:
    """What stands at the head of a page that is no chapter: key figures, and what stands beside them."""
    return nodes.container("", nodes.raw("", key_figures(told), format="html"), *below, classes=["page-head"])


class Head(SphinxDirective):
    """The head of a page, below its first sentence, with numbers from the first column of the page's tables that has that name.

        ```{head}
        row | column | words for the number there
        ```

    A number that is not there is left out.
    """

    has_content = True

    def run(self):
        made = head([])
        made["asked"] = [[part.strip() for part in line.split("|")] for line in self.content if line.strip()]
        return [made]


def put_at_head(app, doctree):
    """The head goes below the page's first paragraph, or where there is none, its title."""
    for made in list(doctree.findall(lambda node: isinstance(node, nodes.container) and "page-head" in node["classes"])):
        section = next(iter(doctree.findall(nodes.title))).parent
        if asked := made.attributes.pop("asked", []):
            told = [(number, words) for row, column, words in asked if (number := in_tables(doctree, row, column))]
            made[0] = nodes.raw("", key_figures(told), format="html")
        made.parent.remove(made)
        place = 1 + isinstance(section[1] if len(section) > 1 else None, nodes.paragraph)
        section.insert(place, [made, nodes.raw("", HEAD_ENDS, format="html")])


def in_tables(doctree, row: str, column: str) -> str:
    """What the first table with such a row and such a column has there; empty where there is none."""
    for one in doctree.findall(nodes.table):
        (names, *_), *rows = ([[entry.astext() for entry in line] for line in part.findall(nodes.row)] for part in one.findall(lambda node: isinstance(node, (nodes.thead, nodes.tbody))))
        for line in rows[0] if rows and column in names else []:
            if line[0] == row:
                return line[names.index(column)]
    return ""


class Execution(SphinxDirective):
    """Time and memory of each chapter and each of its cells, and what executed them."""

    def run(self):
        mine = {name: executed.record(name) for _, names in present(self.env) for name in names}
        titles = {name: chapters.title(chapters.load(name)) for name in mine}
        rows = [[link(self.env, name, titles[name]), str(r["n_cells"]), f"{r['seconds']:.0f}", megabytes(r["memory"])] for name, r in mine.items()]
        result = [table(["Chapter", "Code cells", "Seconds", "Peak memory (MiB)"], rows)]
        packages = {k: v for r in mine.values() for k, v in r["depends"]["packages"].items()}
        machine = [["Python", platform.python_version()], ["System", f"{platform.system()} {platform.machine()}"], ["Cores", str(os.cpu_count())]]
        machine += [[name, packages[name]] for name in [*direct(), "keras"] if name in packages]  # Keras comes with TensorFlow
        result.append(section("Machine and versions", table(["What", "Value"], machine)))
        if tried := self.elsewhere(titles):
            result.append(tried)
        for name, found in mine.items():
            cells = list(zip(range(1, found["n_cells"] + 1), found["cell_seconds"], found["cell_memory"]))
            rows = [[link(self.env, name, f"cell {i}", f"cell-{i}"), f"{s:.1f}", megabytes(m)] for i, s, m in cells]
            slow = sorted(cells, key=lambda cell: -cell[1])[:3]
            slowest = nodes.paragraph("", "Slowest: " + ", ".join(f"cell {i} ({s:.1f} s)" for i, s, _ in slow) + ".", classes=["measured"])
            folded = [nodes.raw("", "<details><summary>All cells</summary>", format="html"), table(["Cell", "Seconds", "Peak memory so far (MiB)"], rows)]
            result.append(section(titles[name], slowest, *folded, nodes.raw("", "</details>", format="html")))
        return result

    def elsewhere(self, titles):
        """On which other versions the present chapters were executed, by `make colab RECORD=1`, and what held."""
        found = [(one, {name: outcome(one, name) for name in titles}) for one in records()]
        found = [(one, outcomes) for one, outcomes in found if any(outcomes.values())]
        if not found:
            return None
        rows = [[link(self.env, name, title), *(outcomes[name] or "not tried" for _, outcomes in found)] for name, title in titles.items()]
        parts = ("numpy", "pandas", "scikit-learn", "tensorflow-cpu", "keras", "torch")
        versions = [[part.removesuffix("-cpu"), *(one["packages"].get(part, "") for one, _ in found)] for part in ("python", *parts)]
        versions = [row for row in versions if any(row[1:])]
        head = [f"Colab {one['versions']}" if one["versions"][:1].isdigit() else f"This book's lock, Python {'.'.join(one['python'].split('.')[:2])}" for one, _ in found]
        about = nodes.paragraph("", "Each chapter alone in an empty folder, as make colab RECORD=1 found it; what is known of a chapter's former code is not shown.")
        return section("On other versions", about, table(["Chapter or package", *head], rows + versions))


def megabytes(peak: int | None) -> str:
    return "not measured" if peak is None else str(peak)


def section(title, *children):
    return nodes.section("", nodes.title("", title), *children, ids=[nodes.make_id(title)], names=[title])


def table(head, rows):
    """Columns of numbers stand to the right, also of shares, and where some were not tried."""
    right = [all(isinstance(v, str) and re.fullmatch(r"([\d.]+%?( of \d+)?|not tried|no random numbers)?", v) for v in column) for column in zip(*rows)]

    def row(values):
        return nodes.row("", *(
            nodes.entry("", nodes.paragraph("", "", v if isinstance(v, nodes.Node) else nodes.Text(v)), classes=["text-right"] * is_number)
            for v, is_number in zip(values, right)
        ))  # fmt: skip

    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), nodes.thead("", row(head)), cols=len(head))
    group += nodes.tbody("", *map(row, rows))
    return nodes.table("", group)
