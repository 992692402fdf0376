"""What belongs together stays on one line: a number and its unit, a claim and its number, the two sides of a ratio."""

import re

from docutils import nodes

SPACES = (
    r"(?<=\d) (?=(?:°C|[kcmµ]?m|[mµ]?s|min|h|d|kg|[kKMG]i?B|GFLOP/s|Hz|rad|N|W)(?![\w-]))",
    r"(?<=[Cc]laim) (?=\d)|(?<=[Cc]laims) (?=\d)",
    r"(?<=\d) (?=: \d)|(?<=\d :) (?=\d)",
)
TOGETHER = re.compile("|".join(SPACES))


def keep_together(app, doctree):
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, (nodes.literal, nodes.math, nodes.math_block, nodes.FixedTextElement, nodes.raw)):
            if (joined := TOGETHER.sub("\N{NO-BREAK SPACE}", text)) != text:
                text.parent.replace(text, nodes.Text(joined))


def setup(app):
    app.connect("doctree-read", keep_together, priority=640)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
