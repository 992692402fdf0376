"""Figures that match the page: each that a cell drew is there as it was drawn for a page and for a phone, on a transparent ground, and in the dark theme's ink; figures are numbered."""

import copy
import html
import itertools
import json
import os
import pathlib
import re

from docutils import nodes

from ..chapters import code_cells
from ..files import digest, write_atomically
from ..render.pictures import FIGURE, beside, box_beside, dark, drawn_for, light, outputs_with_figures, size, wide
from .executed import chapter, chapter_of

THEMES = {"light": light, "dark": dark}
PHONE = "screen and (max-width: 640px)"  # where the letters of the one for a page would have less than ten pixels
HAND = r"(?:point|drag|move|pull|click)\b[^.;:<>]*"
BY_HAND = re.compile(rf"(?:(?<=[.!?)] )|(?<=^))((?i:{HAND}(?:; {HAND})*)\.)(?= |$)")  # a caption's sentence for a screen: it is not printed (book.css)
TO_MOVE = re.compile(r"(?:(?<=[.!?)]\s)|(?<=^))((?:Move|Drag|Pull|Choose|Tick) the (?:slider|day|line|layout|box)\b[^.;:<>]*\.)(?=\s|$)")  # the same in the text


def for_phones(app, name: str, svg: str) -> str:
    """The HTML that has a browser choose this figure on a phone; it is written among the pictures of the site."""
    write_atomically(pathlib.Path(app.outdir) / "_images" / name, svg)
    width, height = size(svg)
    return f'<source media="{PHONE}" srcset="../_images/{name}" width="{width:.0f}" height="{height:.0f}">'


def write_values(app, output, columns: int | None = None) -> str:
    """The attribute of a figure by which the page (charts.js) knows the script with what was written down of its marks when it was drawn; also where its panels stand `beside` each other. Empty where it has no values."""
    plots = copy.deepcopy(output.metadata.get(FIGURE, {}).get("values", []))
    if not plots:
        return ""
    for plot in plots:
        panel, own, words = plot.pop("panel"), plot["boxes"].pop("panels"), plot["words"].pop("panels")
        if columns:
            plot["words"]["wide"] = words
            plot["boxes"]["wide"] = box_beside(drawn_for("panels", output), columns, panel, own)
    data = json.dumps(plots, ensure_ascii=False, separators=(",", ":"))
    name = f"values-{digest(data)[:12]}.js"
    folder = pathlib.Path(app.outdir) / "charts"
    folder.mkdir(parents=True, exist_ok=True)
    # A script, for a page that was opened from a folder may load no data in another way.
    write_atomically(folder / name, f"(window.figureValues ??= {{}})[{json.dumps(name)}] = {data};\n")
    return f' data-values="{name}"'


def at_head(app, name: str, cell, alt: str, loading: str) -> str:
    """The cell's figure as HTML, at the head of its chapter."""
    output, images = outputs_with_figures(cell)[0], ""
    values = write_values(app, output)
    for theme, draw in THEMES.items():
        file, svg = f"{name}-head-{theme}.svg", draw(drawn_for("page", output))
        write_atomically(pathlib.Path(app.outdir) / "_images" / file, svg)
        width, height = size(svg)
        source = for_phones(app, f"{name}-head-{theme}-phone.svg", draw(drawn_for("phone", output)))
        images += f'<picture{values}>{source}<img class="only-{theme}" src="../_images/{file}" width="{width:.0f}" height="{height:.0f}" alt="{html.escape(alt)}" loading="{loading}"></picture>'
    return images


def add_twins(app, doctree):
    """Of each figure its twin; of one whose panels stand beside each other where it is wide (`"wide": {"columns": 2}`) this form, too."""
    name = chapter_of(app.env.docname)
    drawn_by = [one for one in doctree.findall(nodes.container) if one.get("nb_element") == "cell_code"] if name else []
    cells = code_cells(chapter(name)) if name else []
    outputs = {output.data[FIGURE].strip(): output for cell in cells for output in outputs_with_figures(cell)}
    said = {}
    for container, cell in zip(drawn_by, cells):
        if "wide" in cell.metadata:
            container["classes"].append("wide")
            said |= {image: wide(cell) for image in container.findall(nodes.image)}
    for image in list(doctree.findall(nodes.image)):
        path = pathlib.Path(app.srcdir, image["uri"].lstrip("/")) if image["uri"].startswith("/") else pathlib.Path(
            os.path.dirname(app.env.doc2path(app.env.docname)), image["uri"]
        )
        if path.suffix != ".svg" or "jupyter_execute" not in path.parts:
            continue
        svg = path.read_text(encoding="utf-8").strip()
        columns, twins, output = said.get(image, {}).get("columns"), [], outputs[svg]
        values = write_values(app, output, columns)
        for form, (theme, draw) in itertools.product(("stacked", "beside") if columns else ("",), THEMES.items()):
            target = path.with_name(f"{path.stem}-{theme}{'-wide' if form == 'beside' else ''}.svg")
            target.write_text(draw(beside(drawn_for("panels", output), columns) if form == "beside" else drawn_for("page", output)), encoding="utf-8")
            twin = image.deepcopy()
            twin["uri"] = image["uri"].replace(path.name, target.name)
            twin["classes"] = [*image["classes"], f"only-{theme}", *([f"panels-{form}"] if form else [])]
            if form == "beside":  # phones have none
                twins.append(twin)
            else:
                source = for_phones(app, f"{path.stem}-{theme}-phone.svg", draw(drawn_for("phone", output)))
                twins += [nodes.raw("", f"<picture{values}>{source}", format="html"), twin, nodes.raw("", "</picture>", format="html")]
        image.parent.replace(image, twins)


def called(cell, notebook) -> str:
    """"Figure 2": what a cell's figure is called; empty where it has no caption."""
    numbered = [one for one in code_cells(notebook) if one.metadata.get("mystnb", {}).get("figure", {}).get("caption")]
    return next((f"Figure {number}" for number, one in enumerate(numbered, start=1) if one is cell), "")


def number_figures(app, doctree):
    """Figures are counted in each chapter, charts among them."""
    captions = [child for figure in doctree.findall(nodes.figure) for child in figure.children if isinstance(child, nodes.caption)]
    for number, caption in enumerate(captions if chapter_of(app.env.docname) else [], start=1):
        for text in list(caption.findall(nodes.Text)):
            set_apart(text, BY_HAND)
        caption.insert(0, nodes.inline("", f"Figure {number}. ", classes=["figure-number"]))


def mark_moves(app, doctree):
    """What the text asks of the reader's hand, paper leaves out: a sentence, a paragraph, or the end of one from its strong words on."""
    for paragraph in list(doctree.findall(nodes.paragraph)):
        for text in [child for child in paragraph.children if isinstance(child, nodes.Text)]:
            set_apart(text, TO_MOVE)
        words, *end = paragraph.children[-2:] or [None]
        if isinstance(words, nodes.strong) and TO_MOVE.fullmatch(paragraph.astext()[-len(words.astext() + "".join(one.astext() for one in end)) :]):
            paragraph[-len(end) - 1 :] = [nodes.inline("", "", words, *end, classes=["by-hand"])]
        if len(paragraph) == 1 and isinstance(paragraph[0], nodes.inline) and "by-hand" in paragraph[0]["classes"]:
            paragraph["classes"].append("by-hand")


def set_apart(text: nodes.Text, sentences: re.Pattern) -> None:
    """Such sentences of a text, each in an element of its own."""
    parts = sentences.split(text.astext())
    if len(parts) > 1:
        text.parent.replace(text, [nodes.inline("", part, classes=["by-hand"]) if i % 2 else nodes.Text(part) for i, part in enumerate(parts) if part])
