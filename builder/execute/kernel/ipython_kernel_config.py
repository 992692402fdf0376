"""How a chapter's kernel shows figures when the book executes it: vector images, the same bytes each time."""

c = get_config()  # noqa: F821 - IPython provides it
c.HistoryManager.enabled = False
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Date": None}}
