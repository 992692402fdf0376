"""Links from the first use of each term in a chapter to the page of words; previews.py shows the definition beside them.

The terms are those of the glossary in `book/glossary.md`; a longer term goes before a shorter one. A single word has other senses
elsewhere (the precision of a measurement), so where its definition links to a chapter, only that chapter's part of the book links to it.
"""

import functools
import re

from docutils import nodes
from sphinx import addnodes

from .. import chapters
from ..chapters import option
from ..files import ROOT
from .executed import chapter_of

PAGE = option("glossary", "")


@functools.cache
def terms() -> list[str]:
    """Each term of the page, the longest first."""
    text = (ROOT / f"{PAGE}.md").read_text(encoding="utf-8")
    found = re.search(r"```\{glossary\}\n(.*?)\n```", text, re.S)[1]
    return sorted((entry.split("\n", 1)[0] for entry in re.split(r"\n\n(?=\S)", found)), key=len, reverse=True)


@functools.cache
def chapters_with(term: str) -> set[str]:
    """The chapters in which the term has the meaning of the glossary."""
    text = (ROOT / f"{PAGE}.md").read_text(encoding="utf-8")
    linked = re.search(rf"^{re.escape(term)}\n(?:  .*\n)*?  .*\.\./notebooks/(\w+)\.ipynb", text, re.M)
    if " " in term or not linked:
        return set(chapters.chapters())
    return next((set(names) for _, names in chapters.parts() if linked[1] in names), set())


def link(text: nodes.Text, match: re.Match, term: str, docname: str) -> None:
    shown = nodes.inline("", match[0], term=term)
    reference = addnodes.pending_xref(
        "", shown, refdomain="std", reftype="term", reftarget=term, refexplicit=True, refwarn=True, refdoc=docname,
    )  # fmt: skip
    before, after = str(text)[: match.start()], str(text)[match.end() :]
    text.parent.replace(text, [node for node in (nodes.Text(before), reference, nodes.Text(after)) if node.astext()])


def link_terms(app, doctree):
    chapter = chapter_of(app.env.docname)
    if not chapter or PAGE not in app.env.found_docs:
        return
    paragraphs = [p for p in doctree.findall(nodes.paragraph) if not p.next_node(nodes.raw) and "claim" not in getattr(p.parent, "attributes", {}).get("classes", [])]
    for term in (term for term in terms() if chapter in chapters_with(term)):
        # A term in capitals is one; others may begin a sentence.
        word = re.compile(rf"(?<![\w-]){re.escape(term)}s?(?![\w-])", 0 if term[0].isupper() else re.I)
        for text in (text for p in paragraphs for text in p.findall(nodes.Text)):
            if isinstance(text.parent, (nodes.paragraph, nodes.emphasis, nodes.strong)) and not isinstance(text.parent.parent, nodes.reference) and (match := word.search(str(text))):
                link(text, match, term, app.env.docname)
                break


def mark_terms(app, doctree, docname):
    """A term looks calmer than other links, once Sphinx has found where it leads."""
    for shown in list(doctree.findall(lambda node: isinstance(node, nodes.inline) and "term" in node)):
        if isinstance(shown.parent, nodes.reference):
            shown.parent["classes"].append("term")
            shown.parent.attributes.pop("reftitle", None)
            shown.parent.replace(shown, shown.children)
