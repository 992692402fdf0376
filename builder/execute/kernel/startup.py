"""Let Altair charts reach the page as their specification, which the site draws with its own copy of Vega; let figures have the book's letters, and be drawn for a page and a phone, too; and let a cell have one kernel.

All of it within a function: this runs among the chapter's own names, which shall find nothing here that they did not import, and may be anything, or be reset.
"""


def _set_up(shell):
    import dataclasses
    import importlib.abc
    import importlib.util
    import logging
    import os
    import pathlib
    import sys

    PAGE, HIGHEST, PHONE = 607, 534, 340  # points: as builder/render/pictures.py shows them
    SHARP = 84  # dots an inch of what is rasterised for the page: a pixel each there

    # On a machine's first build matplotlib says that it lists the fonts, if that takes long; what it cannot find there it still says.
    logging.getLogger("matplotlib.font_manager").addFilter(lambda record: "font cache" not in record.getMessage())
    # jsonschema, which Altair imports, tries to import this only to check international addresses; compiling its grammar takes seconds.
    sys.modules.setdefault("rfc3987_syntax", None)

    def specification(chart):
        return {"application/vnd.vegalite.v6+json": chart.to_dict(), "text/plain": "An interactive chart"}

    shell.display_formatter.mimebundle_formatter.for_type_by_name("altair.vegalite.v6.api", "TopLevelMixin", specification)

    fonts = sorted(map(str, pathlib.Path.home().glob(".fonts-of-the-book/*.ttf")))

    class Letters(importlib.abc.MetaPathFinder):
        """Arial, for which seaborn (and the matplotlibrc beside this file) asks first, is the book's font here: figures have the same letters on every machine."""

        def find_spec(self, name, path, target=None):
            if name != "matplotlib.font_manager":
                return None
            sys.meta_path.remove(self)
            spec = importlib.util.find_spec(name)
            load = spec.loader.exec_module

            def exec_module(module):
                load(module)
                known = module.fontManager
                for font in fonts:
                    known.addfont(font)
                    known.ttflist.insert(0, dataclasses.replace(known.ttflist[-1], name="Arial"))

            spec.loader.exec_module = exec_module
            return spec

    if fonts:
        sys.meta_path.insert(0, Letters())

    def in_other_sizes():
        """Each figure that a cell shows is drawn twice more, in the sizes in which it stands on a page and on a phone (points): letters keep theirs, and the layout is made anew.

        What the cell drew is the same as ever. The others, which have the ticks of charts, go with it as what is known of it, and the figure is left as it was.
        """
        from IPython.core import pylabtools

        beside = pathlib.Path(os.environ["MATPLOTLIBRC"]).with_name("figures.py")
        figures = importlib.util.module_from_spec(spec := importlib.util.spec_from_file_location("figures_of_the_book", beside))

        drawn = pylabtools.print_figure

        def at(figure, width, height, options):
            wanted = width
            for _ in range(4):  # what stands outside the axes changes somewhat with its size
                figure.set_size_inches(width / 72, height / 72, forward=False)
                svg = drawn(figure, "svg", **options)
                width += wanted - (got := float(svg.partition('viewBox="0 0 ')[2].partition(" ")[0]))
                if abs(wanted - got) < 0.5:
                    break
            return svg

        def print_figure(figure, fmt="png", *arguments, **options):
            made = drawn(figure, fmt, *arguments, **options)
            if fmt != "svg" or made is None:
                return made
            if not hasattr(figures, "as_in_charts"):
                spec.loader.exec_module(figures)  # with matplotlib, which not every chapter imports
            size = figure.get_size_inches()
            width, height = 72 * size
            tight = options | {"pad_inches": 0.03}
            try:
                steep = height / width
                across = min(PAGE, HIGHEST / steep) if any(one.get_aspect() != "auto" for one in figure.axes) else PAGE
                values, others = figures.Values(figure), {}
                with figures.as_in_charts(figure):
                    for form, draw in {
                        "panels": lambda: drawn(figure, fmt, **options),  # as `beside` in builder/render/pictures.py wants it
                        "page": lambda: at(figure, across, min(across * steep, HIGHEST), tight | {"dpi": SHARP}),
                        "phone": lambda: at(figure, PHONE, height, tight),
                    }.items():
                        others[form] = draw()
                        values.keep(form)
                others |= {"values": noted} if (noted := values.noted()) else {}
            finally:
                figure.set_size_inches(size, forward=False)
                figure.draw_without_rendering()
            return made, others

        pylabtools.print_figure = print_figure

    def mute():
        """Of what forked children print some is lost when they end: it is dropped, as all that children write."""
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115

    def end(*_, kernel=os.getpid()):
        """A child that its cell did not end would go on as a second kernel, and both would answer: it ends with its cell."""
        if os.getpid() != kernel:
            os._exit(0)

    if getattr(shell, "kernel", None):  # `make doubt` runs cells without one, and forks itself
        in_other_sizes()
        os.register_at_fork(after_in_child=mute)
        shell.events.register("post_execute", end)


_set_up(get_ipython())  # noqa: F821 - IPython provides it
del _set_up
