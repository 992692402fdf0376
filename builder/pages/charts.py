"""Interactive charts: an Altair chart's specification becomes a picture that the browser brings to life.

The picture is drawn while the book is built, so that readers without JavaScript, printers and search engines see it. The
page's own copy of Vega is loaded when a chart comes into view, and computes with an interpreter instead of `eval`.
"""

import html
import json
import pathlib
import re

import nbformat

from ..render.drawn import drawn
from ..render.pictures import MIME, bundle, charts_of, picture
from .executed import chapter_of


def markup(app, specification: dict, label: str, chapter: str, number: int) -> str:
    data = json.dumps(specification, separators=(",", ":")).replace("<", "\\u003c")
    folder, images = pathlib.Path(app.outdir) / "charts", ""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("light", "dark"):
        svg = drawn(picture, json.dumps(specification), name).decode()
        file = folder / f"{chapter}-{number}-{name}.svg"
        file.write_text(svg, encoding="utf-8")
        width, height = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg).groups()
        images += (
            f'<img class="only-{name}" src="../charts/{file.name}" width="{width}" height="{height}" loading="lazy" alt="{html.escape(label)}">'
        )
    return (
        f'<div class="chart" id="chart-{number}" role="group" aria-label="{html.escape(label)}">'
        f'<div class="chart-view">{images}</div><script type="application/json">{data}</script></div>'
    )


def put_charts(app, docname, source):
    if not chapter_of(docname) or MIME not in source[0]:
        return
    notebook = nbformat.reads(source[0], as_version=4)
    for number, (cell, output, specification) in enumerate(charts_of(notebook), start=1):
        label = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "An interactive chart")
        output.data = nbformat.from_dict({"text/html": markup(app, specification, label, chapter_of(docname), number)})
    source[0] = nbformat.writes(notebook)


def write_bundle(app, exception):
    if not exception:
        path = pathlib.Path(app.outdir) / "vendor" / "vega.js"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(drawn(bundle))
