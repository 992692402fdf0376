"""What startup.py does to a figure that it draws for the page and for a phone: it gets the ticks of the book's charts."""

import contextlib

from matplotlib.axes import Axes
from matplotlib.colors import to_hex

INKS, SOFT = ("#262626", "#000000"), "#50565d"  # seaborn's and matplotlib's; `chart-soft` of builder/render/palette.py
LENGTH, WIDTH = 3.5, 0.8  # points; with 1.16 pixels a point (builder/render/pictures.py) those of a chart's axis


@contextlib.contextmanager
def as_in_charts(figure):
    """The figure with thin grey ticks and axes, for the time being."""
    axes = figure.findobj(Axes)
    ticks = [(axis, which, getattr(axis, f"get_{which}_ticks")(1)[0], dict(getattr(axis, f"_{which}_tick_kw"))) for one in axes for axis in (one.xaxis, one.yaxis) for which in ("major", "minor")]
    ticks = [(axis, which, {"length": tick._size, "width": tick._width, "color": tick.tick1line.get_color()}, known) for axis, which, tick, known in ticks]
    edges = [(spine, spine.get_linewidth(), spine.get_edgecolor()) for one in axes for spine in one.spines.values()]
    try:
        for axis, which, was, _ in ticks:
            part = 1 if which == "major" else 0.6
            axis.set_tick_params(which, length=min(was["length"], LENGTH * part), width=min(was["width"], WIDTH * part), color=SOFT)
        for spine, width, colour in edges:
            spine.set_linewidth(min(width, WIDTH))
            spine.set_edgecolor(SOFT if to_hex(colour) in INKS else colour)
        yield
    finally:
        for axis, which, was, known in ticks:
            axis.set_tick_params(which, **was)
            kept = getattr(axis, f"_{which}_tick_kw")
            kept.clear()
            kept.update(known)
        for spine, width, colour in edges:
            spine.set_linewidth(width)
            spine.set_edgecolor(colour)
