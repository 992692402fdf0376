"""Links from the first use of each term in a chapter to the page of words, with the definition on hover.

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
INLINE = re.compile(r"\[([^\]]*)\]\([^)]*\)|\$([^$]*)\$")


@functools.cache
def definitions() -> dict[str, str]:
    """Each term of the page and its definition as plain text."""
    text = (ROOT / f"{PAGE}.md").read_text(encoding="utf-8")
    found = re.search(r"```\{glossary\}\n(.*?)\n```", text, re.S)[1]
    entries = (entry.split("\n", 1) for entry in re.split(r"\n\n(?=\S)", found))
    return {term: INLINE.sub(lambda m: m[1] or m[2], " ".join(definition.split())) for term, definition in entries}


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
    for term in sorted((t for t in definitions() if chapter in chapters_with(t)), key=len, reverse=True):
        # A term in capitals is one; others may begin a sentence.
        word = re.compile(rf"(?<![\w-]){re.escape(term)}s?(?![\w-])", 0 if term[0].isupper() else re.I)
        for text in (text for p in paragraphs for text in p.findall(nodes.Text)):
            if isinstance(text.parent, (nodes.paragraph, nodes.emphasis, nodes.strong)) and (match := word.search(str(text))):
                link(text, match, term, app.env.docname)
                break


def define_terms(app, doctree, docname):
    """The definition on hover, once Sphinx has found the term."""
    for shown in list(doctree.findall(lambda node: isinstance(node, nodes.inline) and "term" in node)):
        if isinstance(shown.parent, nodes.reference):
            shown.parent["classes"].append("term")
            shown.parent["reftitle"] = definitions()[shown["term"]]
            shown.parent.replace(shown, shown.children)
