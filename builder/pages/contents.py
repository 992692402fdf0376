"""What the book knows of itself: the gallery of chapters, its numbers, and the page of execution times.

    ```{chapters}
    ```
    ```{execution}
    ```

`{{ n_claims }}`, `{{ n_cells }}` and `{{ n_chapters }}` stand for the numbers in the text of any page, `{{ pdf }}` for a link to the printed book.
"""

import html
import io
import os
import pathlib
import platform
import re

import book
import executed
import PIL.Image
import vl_convert
from docutils import nodes
from docutils.utils.smartquotes import smartyPants
from drawn import drawn
from executed import chapter_of
from figures import dark, light
from sphinx.util.docutils import SphinxDirective


def present(env) -> list[tuple[str, list[str]]]:
    """Parts and chapters that this build contains."""
    found = {chapter_of(name) for name in env.found_docs}
    return [(part, [c for c in names if c in found]) for part, names in book.parts() if found & set(names)]


def count(app, config):
    """Numbers for the text, from the executions themselves."""
    notebooks = [executed.chapter(name) for name in book.chapters() if (executed.record(name) or {"error": 1})["error"] is None]
    config.myst_substitutions = {
        **config.myst_substitutions,
        "n_chapters": str(len(notebooks)),
        "n_cells": str(sum(len(book.code_cells(n)) for n in notebooks)),
        "n_claims": str(sum(len(book.claims(n)) for n in notebooks)),
        "pdf": f"[one PDF]({config.html_baseurl}every-claim-computed.pdf)",
    }


def cover(notebook) -> str | None:
    """The SVG of the chapter's picture: from the cell tagged `cover`, else its first figure."""
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    for cell in sorted(cells, key=lambda c: "cover" not in c.metadata.get("tags", [])):
        for output in cell.outputs:
            if "image/svg+xml" in output.get("data", {}):
                return output.data["image/svg+xml"]
    return None


def thumbnail(svg: str) -> bytes:
    """The picture (SVG) as WebP for a card, 560 pixels wide."""
    picture = PIL.Image.open(io.BytesIO(vl_convert.svg_to_png(svg, scale=1.5)))
    picture = picture.resize((560, round(560 * picture.height / picture.width)))
    file = io.BytesIO()
    picture.save(file, "webp", quality=75)
    return file.getvalue()


class Chapters(SphinxDirective):
    """A card a chapter: its picture, title, and question."""

    def run(self):
        result = []
        for part, names in present(self.env):
            section = nodes.section("", ids=[nodes.make_id(f"part-{part}")], names=[part])
            section += nodes.title("", part)
            cards = "".join(self.card(name) for name in names)
            section += nodes.raw("", f'<div class="cards">{cards}</div>', format="html")
            for name in names:
                paragraph = nodes.paragraph("", f"{book.title(book.load(name))}: {plain(book.question(book.load(name)))}", classes=["not-html"])
                only = nodes.container("", paragraph, classes=["not-html"])
                if self.env.app.builder.format != "html":
                    section += only
            result.append(section)
        return result

    def card(self, name):
        notebook = executed.chapter(name)
        svg, images = cover(notebook), ""
        if svg and self.env.app.builder.format == "html":
            for theme, draw in (("light", light), ("dark", dark)):
                path = pathlib.Path(self.env.app.outdir) / "covers" / f"{name}-{theme}.webp"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(drawn(thumbnail, draw(svg)))
                width, height = PIL.Image.open(path).size
                images += f'<img class="only-{theme}" src="../covers/{path.name}" width="{width}" height="{height}" alt="" loading="lazy">'
        return (
            f'<a class="card" href="../notebooks/{name}.html">{images}<span class="card-title">{html.escape(book.title(notebook))}</span> '
            f'<span class="card-question">{html.escape(smartyPants(plain(book.question(notebook)), "q"))}</span></a>'
        )


def plain(markdown: str) -> str:
    """Markdown without its marks."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", re.sub(r"[*_`]", "", markdown))


class Execution(SphinxDirective):
    """Time and memory of each chapter and each of its cells, and what executed them."""

    def run(self):
        records = {name: executed.record(name) for _, names in present(self.env) for name in names}
        titles = {name: book.title(book.load(name)) for name in records}
        chapters = [[link(name, titles[name]), str(r["n_cells"]), f"{r['seconds']:.0f}", megabytes(r["memory"])] for name, r in records.items()]
        result = [table(["Chapter", "Code cells", "Seconds", "Peak memory (MiB)"], chapters)]
        packages = {k: v for r in records.values() for k, v in r["depends"]["packages"].items()}
        direct = [line.split("~")[0].split(";")[0].strip().lower() for line in (book.ROOT / "requirements.txt").read_text().splitlines() if line[:1].isalpha()]
        machine = [["Python", platform.python_version()], ["System", f"{platform.system()} {platform.machine()}"], ["Cores", str(os.cpu_count())]]
        machine += [[name, packages[name]] for name in [*direct, "keras"] if name in packages]  # Keras comes with TensorFlow
        result.append(section("Machine and versions", table(["What", "Value"], machine)))
        for name, found in records.items():
            cells = list(zip(range(1, found["n_cells"] + 1), found["cell_seconds"], found["cell_memory"]))
            rows = [[link(name, f"cell {i}", f"cell-{i}"), f"{s:.1f}", megabytes(m)] for i, s, m in cells]
            slow = sorted(cells, key=lambda cell: -cell[1])[:3]
            slowest = nodes.paragraph("", "Slowest: " + ", ".join(f"cell {i} ({s:.1f} s)" for i, s, _ in slow) + ".")
            folded = [nodes.raw("", "<details><summary>All cells</summary>", format="html"), table(["Cell", "Seconds", "Peak memory so far (MiB)"], rows)]
            result.append(section(titles[name], slowest, *folded, nodes.raw("", "</details>", format="html")))
        return result


def megabytes(peak: int | None) -> str:
    return "not measured" if peak is None else str(peak)


def link(chapter: str, text: str, anchor: str = "") -> nodes.Node:
    return nodes.reference("", text, refuri=f"../notebooks/{chapter}.html" + (f"#{anchor}" if anchor else ""), internal=True)


def section(title, *children):
    return nodes.section("", nodes.title("", title), *children, ids=[nodes.make_id(title)], names=[title])


def table(head, rows):
    """Columns of numbers stand to the right."""
    right = [all(isinstance(v, str) and re.fullmatch(r"[\d.]+", v) for v in column) for column in zip(*rows)]

    def row(values):
        return nodes.row("", *(
            nodes.entry("", nodes.paragraph("", "", v if isinstance(v, nodes.Node) else nodes.Text(v)), classes=["text-right"] * is_number)
            for v, is_number in zip(values, right)
        ))  # fmt: skip

    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), nodes.thead("", row(head)), cols=len(head))
    group += nodes.tbody("", *map(row, rows))
    return nodes.table("", group)


def setup(app):
    app.connect("config-inited", count, priority=200)
    app.add_directive("chapters", Chapters)
    app.add_directive("execution", Execution)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
