"""Links to chapters, claims and cells, which Sphinx resolves, and says so where one leads nowhere."""

import re

from docutils import nodes
from sphinx import addnodes

from .. import chapters
from . import executed
from .executed import chapter_of

CLAIMS = re.compile(r"\b([Cc]laims?)[ \n\u00a0](\d+(?:(?:, and |, | and | to |–)\d+)*)(?! (?:of|in) (?:the|that|chapter))")


def note_anchor(env, anchor: str, text: str) -> None:
    """Let the present page be linked to by this anchor: `[claim 3](binary_metrics.ipynb#claim-3)` from any chapter, `link` from our own code."""
    env.metadata[env.docname].setdefault("myst_slugs", {})[anchor] = (0, anchor, text)
    env.get_domain("std").anonlabels[f"{env.docname}#{anchor}"] = (env.docname, anchor)


def link(env, chapter: str, text: str, anchor: str = "") -> nodes.Node:
    """A link to a chapter's page, or to the claim or cell with this anchor."""
    docname = f"notebooks/{chapter}"
    kind = {"reftype": "ref", "reftarget": f"{docname}#{anchor}"} if anchor else {"reftype": "doc", "reftarget": f"/{docname}"}
    return addnodes.pending_xref("", nodes.inline("", text), refdomain="std", refexplicit=True, refwarn=True, refdoc=env.docname, **kind)


def link_claims(app, doctree):
    """In a chapter, "claim 7" and "claims 4, 5 and 9" lead there."""
    name = chapter_of(app.env.docname)
    slugs = {str(claim["number"]): claim["slug"] for claim in chapters.claims(executed.chapter(name))} if name else {}
    for text in list(doctree.findall(nodes.Text)) if slugs else []:
        if isinstance(text.parent, (nodes.paragraph, nodes.emphasis, nodes.caption)) and CLAIMS.search(text):
            text.parent.replace(text, list(linked(str(text), slugs)))
    for section in doctree.findall(nodes.section) if slugs else []:
        if section[0].astext().startswith("What to do"):
            for item in section.findall(nodes.list_item):
                note_rests(item[-1])


def note_rests(paragraph: nodes.Element) -> None:
    """The claims in parentheses with which a piece of advice ends can stand in the margin (`.rests`), without the parentheses."""
    opening = next((i for i, child in reversed(list(enumerate(paragraph))) if isinstance(child, nodes.Text) and re.search(r" \(claims?\N{NO-BREAK SPACE}$", child)), None)
    if opening is None or paragraph[-1] != ").":
        return
    before, _, word = paragraph[opening].rpartition(" (")
    numbers = [nodes.inline("", " (", classes=["parenthesis"]), nodes.Text(word), *paragraph[opening + 1 : -1], nodes.inline("", ")", classes=["parenthesis"])]
    paragraph[opening:] = [nodes.Text(before), nodes.inline("", "", *numbers, classes=["rests"]), nodes.Text(".")]


def linked(text: str, slugs: dict[str, str]):
    """The parts of a text, its claims' numbers as links."""
    end = 0
    for match in CLAIMS.finditer(text):
        yield nodes.Text(f"{text[end : match.start()]}{match[1]}\N{NO-BREAK SPACE}")
        for part in re.split(r"(\d+)", match[2]):
            if part:
                yield nodes.reference("", part, internal=True, refid=slugs[part]) if part in slugs else nodes.Text(part)
        end = match.end()
    yield nodes.Text(text[end:])
