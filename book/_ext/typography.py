"""A number stays on one line with its unit: the space between them does not break."""

import re

from docutils import nodes

QUANTITY = re.compile(r"(?<=\d) (?=(?:°C|[kcmµ]?m|[mµ]?s|min|h|d|kg|[kKMG]i?B|GFLOP/s|Hz|rad|N|W)(?![\w-]))")


def keep_together(app, doctree):
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, (nodes.literal, nodes.math, nodes.math_block, nodes.FixedTextElement, nodes.raw)):
            if (joined := QUANTITY.sub("\N{NO-BREAK SPACE}", text)) != text:
                text.parent.replace(text, nodes.Text(joined))


def setup(app):
    app.connect("doctree-read", keep_together, priority=640)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
