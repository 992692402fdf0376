"""Let Altair charts reach the page as their specification, which the site draws with its own copy of Vega; and let a cell have one kernel.

All of it within a function: this runs among the chapter's own names, which shall find nothing here that they did not import, and may be anything, or be reset.
"""


def _set_up(shell):
    import logging
    import os
    import sys

    # On a machine's first build matplotlib says that it lists the fonts, if that takes long; what it cannot find there it still says.
    logging.getLogger("matplotlib.font_manager").addFilter(lambda record: "font cache" not in record.getMessage())
    # jsonschema, which Altair imports, tries to import this only to check international addresses; compiling its grammar takes seconds.
    sys.modules.setdefault("rfc3987_syntax", None)

    def specification(chart):
        return {"application/vnd.vegalite.v6+json": chart.to_dict(), "text/plain": "An interactive chart"}

    shell.display_formatter.mimebundle_formatter.for_type_by_name("altair.vegalite.v6.api", "TopLevelMixin", specification)

    def mute():
        """Of what forked children print some is lost when they end: it is dropped, as all that children write."""
        sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115

    def end(*_, kernel=os.getpid()):
        """A child that its cell did not end would go on as a second kernel, and both would answer: it ends with its cell."""
        if os.getpid() != kernel:
            os._exit(0)

    if getattr(shell, "kernel", None):  # `make doubt` runs cells without one, and forks itself
        os.register_at_fork(after_in_child=mute)
        shell.events.register("post_execute", end)


_set_up(get_ipython())  # noqa: F821 - IPython provides it
del _set_up
