"""Interactive charts: an Altair chart's specification becomes a picture that the browser brings to life.

The picture is drawn while the book is built, so that readers without JavaScript, printers and search engines see it. The
page's own copy of Vega is loaded when a chart comes into view, with the chart's specification, and computes with an interpreter instead of `eval`.
"""

import html
import json
import pathlib
import re

import nbformat

from ..chapters import code_cells
from ..files import BookError
from ..render.drawn import drawn
from ..render.pictures import MIME, bundle, charts_of, picture
from .executed import chapter_of


def markup(app, specification: dict, label: str, chapter: str, number: int) -> str:
    data = json.dumps(specification, separators=(",", ":"))
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
    # A script, for a page that was opened from a folder may load no data in another way.
    source = folder / f"{chapter}-{number}.js"
    source.write_text(f"(window.chartSources ??= {{}})[{json.dumps(source.name)}] = {json.dumps(data)};\n", encoding="utf-8")
    return (
        f'<div class="chart" id="chart-{number}" role="group" aria-label="{html.escape(label)}" data-source="{source.name}"><div class="chart-view">{images}</div></div>'
    )


def put_charts(app, docname, source):
    if not chapter_of(docname) or MIME not in source[0]:
        return
    notebook = nbformat.reads(source[0], as_version=4)
    for number, (cell, output, specification) in enumerate(charts_of(notebook), start=1):
        label = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "An interactive chart")
        try:
            shown = markup(app, specification, label, chapter_of(docname), number)
        except Exception as error:
            place = code_cells(notebook).index(cell) + 1
            cause = str(error).strip().splitlines()
            raise BookError(f"{docname}.ipynb, code cell {place}: its chart cannot be drawn: {cause[-1] if cause else type(error).__name__}") from error
        output.data = nbformat.from_dict({"text/html": shown})
    source[0] = nbformat.writes(notebook)


def write_bundle(app, exception):
    if not exception:
        path = pathlib.Path(app.outdir) / "vendor" / "vega.js"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(drawn(bundle))
