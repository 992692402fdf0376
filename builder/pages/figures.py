"""Figures that match the page: each SVG that a cell drew gets a transparent ground and a twin in the dark theme's ink; figures are numbered."""

import itertools
import os
import pathlib

from docutils import nodes

from ..chapters import code_cells
from ..render.pictures import beside, dark, light, wide
from .executed import chapter, chapter_of


def add_twins(app, doctree):
    """Of each figure its twin; of one whose panels stand beside each other where it is wide (`"wide": {"columns": 2}`) this form, too."""
    name = chapter_of(app.env.docname)
    drawn_by = [one for one in doctree.findall(nodes.container) if one.get("nb_element") == "cell_code"] if name else []
    cells = code_cells(chapter(name)) if name else []
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
        svg = path.read_text(encoding="utf-8")
        forms = [("", svg)]
        if columns := said.get(image, {}).get("columns"):
            forms = [("stacked", svg), ("beside", beside(svg, columns))]
        twins = []
        for (form, source), (theme, draw) in itertools.product(forms, (("light", light), ("dark", dark))):
            target = path.with_name(f"{path.stem}-{theme}{'-wide' if form == 'beside' else ''}.svg")
            target.write_text(draw(source), encoding="utf-8")
            twin = image.deepcopy()
            twin["uri"] = image["uri"].replace(path.name, target.name)
            twin["classes"] = [*image["classes"], f"only-{theme}", *([f"panels-{form}"] if form else [])]
            twins.append(twin)
        image.parent.replace(image, twins)


def called(cell, notebook) -> str:
    """"Figure 2": what a cell's figure is called; empty where it has no caption."""
    numbered = [one for one in code_cells(notebook) if one.metadata.get("mystnb", {}).get("figure", {}).get("caption")]
    return next((f"Figure {number}" for number, one in enumerate(numbered, start=1) if one is cell), "")


def number_figures(app, doctree):
    """Figures are counted in each chapter, charts among them."""
    captions = [child for figure in doctree.findall(nodes.figure) for child in figure.children if isinstance(child, nodes.caption)]
    for number, caption in enumerate(captions if chapter_of(app.env.docname) else [], start=1):
        caption.insert(0, nodes.inline("", f"Figure {number}. ", classes=["figure-number"]))
