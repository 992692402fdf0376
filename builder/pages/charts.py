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
from ..render.pictures import MIME, NARROW, adapts, bundle, charts_of, picture
from .executed import chapter_of


LARGER = 1.3  # than a chart was drawn, at most (book.css)
TALLEST = 400  # pixels of a chart at a chapter's head, where it is not drawn taller


def write(app, specification: dict, chapter: str, number: int) -> None:
    """The chart's pictures, and its specification for the browser."""
    folder = pathlib.Path(app.outdir) / "charts"
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        (folder / f"{chapter}-{number}-{theme}.svg").write_bytes(drawn(picture, json.dumps(specification), theme))
        if adapts(specification):
            (folder / f"{chapter}-{number}-{theme}-narrow.svg").write_bytes(drawn(picture, json.dumps(specification), theme, NARROW))
    # A script, for a page that was opened from a folder may load no data in another way.
    source, data = folder / f"{chapter}-{number}.js", json.dumps(specification, separators=(",", ":"))
    source.write_text(f"(window.chartSources ??= {{}})[{json.dumps(source.name)}] = {json.dumps(data)};\n", encoding="utf-8")


def size(file: pathlib.Path) -> tuple[float, float]:
    """Width and height of the picture (SVG) in pixels."""
    return tuple(map(float, re.search(r'width="([\d.]+)" height="([\d.]+)"', file.read_text(encoding="utf-8")).groups()))


def markup(app, specification: dict, label: str, chapter: str, number: int, anchor: str = "") -> str:
    """The chart as pictures that charts.js brings to life, with room for its controls."""
    images, label = "", html.escape(label)
    for theme in ("light", "dark"):
        file = pathlib.Path(app.outdir) / "charts" / f"{chapter}-{number}-{theme}.svg"
        width, height = size(file)
        loading = 'loading="eager" fetchpriority="high"' if anchor and theme == "light" else 'loading="lazy"'
        image = f'<img class="only-{theme}" src="../charts/{file.name}" width="{width:g}" height="{height:g}" {loading} alt="{label}">'
        if adapts(specification):  # with letters that can be read there, and as high as the chart will be
            narrow = file.with_name(f"{file.stem}-narrow.svg")
            its_width, its_height = size(narrow)
            image = f'<picture><source media="(max-width: 480px)" srcset="../charts/{narrow.name}" width="{its_width:g}" height="{its_height:g}">{image}</picture>'
        images += image
    drawn = max(width / LARGER, min(width, width * TALLEST / height)) if anchor else width
    controls = sum("input" in (parameter.get("bind") or {}) for parameter in specification.get("params", []))
    return (
        f'<div class="chart" id="{anchor or f"chart-{number}"}" role="group" aria-label="{label}" data-source="{chapter}-{number}.js" style="--controls: {controls}; --drawn: {drawn:.0f}px">'
        f'<div class="chart-view">{images}</div></div>'
    )


def labelled(cell: nbformat.NotebookNode) -> str:
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "An interactive chart")


def put_charts(app, docname, source):
    if not chapter_of(docname) or MIME not in source[0]:
        return
    notebook = nbformat.reads(source[0], as_version=4)
    for number, (cell, output, specification) in enumerate(charts_of(notebook), start=1):
        try:
            write(app, specification, chapter_of(docname), number)
            shown = markup(app, specification, labelled(cell), chapter_of(docname), number)
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
