"""Interactive charts: an Altair chart's specification becomes a picture that the browser brings to life.

The picture is drawn while the book is built, so that readers without JavaScript, printers and search engines see it. The
page's own copy of Vega is loaded when a chart comes into view, and computes with an interpreter instead of `eval`.
"""

import html
import json
import pathlib
import re

import nbformat
import vl_convert
from drawn import drawn
from executed import chapter_of
from figures import in_dark

MIME = "application/vnd.vegalite.v6+json"
VEGA_LITE = "6.4"
INK = {"light": "#262626", "dark": "#d9d9d9"}
GRID = {"light": "#dddddd", "dark": "#3a414b"}


def theme(name: str) -> dict:
    """The chart's colours on a page of the theme `name`; `charts.js` reads the same from the page."""
    ink, grid = INK[name], GRID[name]
    axis = {"labelColor": ink, "titleColor": ink, "domainColor": ink, "tickColor": ink, "gridColor": grid}
    label = {"labelColor": ink, "titleColor": ink}
    sizes = {"labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal"}
    return {
        "background": None, "font": "system-ui, sans-serif", "view": {"stroke": None}, "axis": axis | sizes,
        "legend": label | sizes, "header": label | sizes, "title": {"color": ink, "fontSize": 14}, "text": {"color": ink, "fontSize": 13},
        "style": {"guide-label": {"fill": ink}, "guide-title": {"fill": ink}},
    }  # fmt: skip


def picture(specification: str, name: str) -> str:
    """SVG of the chart (its specification as JSON) as it stands before anyone moves it."""
    if name == "dark":
        specification = in_dark(specification)
    fixed = json.loads(specification.replace('"width": "container"', '"width": 560'))
    merged = {**fixed.get("config", {}), **theme(name)}
    svg = vl_convert.vegalite_to_svg({**fixed, "config": merged}, vl_version=VEGA_LITE)
    # The converter numbers clip paths through its whole life; the picture shall not depend on what was drawn before it.
    numbers = {name: i for i, name in enumerate(dict.fromkeys(re.findall(r'id="clip(\d+)"', svg)))}
    return re.sub(r"\b(clip)(\d+)\b", lambda m: f"clip{numbers[m[2]]}" if m[2] in numbers else m[0], svg)


def bundle() -> str:
    """Vega, Vega-Lite and their embedding as one script."""
    return "(() => {" + vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE) + "})();\n"


def charts_of(notebook: nbformat.NotebookNode) -> list[tuple]:
    """Each chart of a chapter: its cell, the output that holds it, its specification."""
    outputs = [(cell, output) for cell in notebook.cells for output in cell.get("outputs", [])]
    return [(cell, output, output.data[MIME]) for cell, output in outputs if MIME in output.get("data", {})]


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
        if app.builder.format == "html":
            output.data = nbformat.from_dict({"text/html": markup(app, specification, label, chapter_of(docname), number)})
        else:
            output.data = nbformat.from_dict({"image/svg+xml": drawn(picture, json.dumps(specification), "light").decode()})
    source[0] = nbformat.writes(notebook)


def write_bundle(app, exception):
    if not exception and app.builder.format == "html":
        path = pathlib.Path(app.outdir) / "vendor" / "vega.js"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(drawn(bundle))


def setup(app):
    app.connect("source-read", put_charts, priority=200)
    app.connect("build-finished", write_bundle)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
