"""What a link leads to, shown beside it on hover, focus and touch (book.js): terms, claims, chapters and sections.

The previews of a page stand in its own `<template>`, so that they work from a folder, and cost nothing before they are asked for.
"""

import html
import posixpath
import urllib.parse

from docutils import nodes
from sphinx import addnodes

from .formulas import outside_formulas, with_formulas
from .glossary import PAGE
from .places import Place, places

KINDS = {
    "chapter": "Chapter", "section": "Section", "claim": "Claim, holds", "figure": "Figure", "question": "What goes wrong", "term": "Word", "exercise": "Exercise",
}  # fmt: skip
LONGEST = 280  # characters of what stands at the place
MOST_LINES = 5  # of what a claim's cell printed


def target(docname: str, reference: nodes.reference) -> tuple[str, str] | None:
    """Page and anchor of a link within the book."""
    if "refid" in reference:
        return docname, reference["refid"]
    address = urllib.parse.urlsplit(reference.get("refuri", ""))
    if address.scheme or address.netloc or not reference.get("internal"):
        return None
    page = posixpath.normpath(posixpath.join(posixpath.dirname(docname), address.path)) if address.path else f"{docname}.html"
    return page.removesuffix(".html"), urllib.parse.unquote(address.fragment)


def shortened(text: str) -> str:
    """Its beginning, cut between words and outside formulas."""
    if len(text) <= LONGEST:
        return text
    return f"{outside_formulas(text[:LONGEST].rsplit(' ', 1)[0]).rstrip()} …"


def preview(address: str, place: Place) -> str:
    kind, title = KINDS[place.kind], f"<strong>{with_formulas(place.title)}</strong>"
    words = f"<p>{with_formulas(shortened(place.words))}</p>" if place.words and place.kind != "figure" else ""
    if place.kind == "claim":
        kind = f"{place.others[0].replace('claim-', 'Claim ')}, holds" if place.others else kind
        title, lines = with_formulas(place.title), "\n".join(place.text).strip().splitlines()
        printed = html.escape("\n".join(lines[:MOST_LINES] + ["…"] * (len(lines) > MOST_LINES)))
        words = f'<p class="preview-kind">Its cell printed</p><pre>{printed}</pre>' if lines else ""
    return f'<div data-for="{address}"><p class="preview-kind">{kind}</p><p>{title}</p>{words}</div>'


def add(app, doctree, docname):
    """Once Sphinx has found where the links lead. Links in tables stand beside what they lead to."""
    if app.builder.format != "html":
        return
    found = {}
    for reference in doctree.findall(nodes.reference):
        aim = target(docname, reference)
        if not aim or aim[0] not in app.env.found_docs or any(isinstance(above, nodes.table) for above in ancestors(reference)):
            continue
        place = next((place for place in places(app.env, aim[0]) if aim[1] in (place.anchor, *place.others)), None)
        if place and place.kind in KINDS and (aim[1] or aim[0] != docname):
            found[reference.get("refuri") or f"#{reference['refid']}"] = place
    if found:
        previews = "".join(preview(address, place) for address, place in found.items())
        doctree.append(nodes.raw("", f'<template id="previews">{previews}</template>', format="html"))


def note_links(app, doctree):
    """To which pages a page leads: it shows something of them."""
    targets = {link.get("reftarget", "").partition("#")[0].strip("/") for link in doctree.findall(addnodes.pending_xref)}
    words = {PAGE} if any(link.get("reftype") == "term" for link in doctree.findall(addnodes.pending_xref)) else set()
    app.env.metadata[app.env.docname]["leads_to"] = (targets | words) & app.env.found_docs


def remember(app, env, docnames):
    """What was noted of the pages that are read again, until they are."""
    app.places_before = {docname: places(env, docname) for docname in docnames}


def outdated(app, env):
    """The pages that lead to a changed one are written again, for their previews."""
    changed = {docname for docname, before in app.places_before.items() if before != places(env, docname)}
    return [docname for docname, metadata in env.metadata.items() if metadata.get("leads_to", set()) & changed]


def ancestors(node: nodes.Node):
    while node := node.parent:
        yield node
