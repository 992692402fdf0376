"""Links to chapters, claims and cells, which Sphinx resolves, and says so where one leads nowhere."""

from docutils import nodes
from sphinx import addnodes


def note_anchor(env, anchor: str, text: str) -> None:
    """Let the present page be linked to by this anchor: `[claim 3](binary_metrics.ipynb#claim-3)` from any chapter, `link` from our own code."""
    env.metadata[env.docname].setdefault("myst_slugs", {})[anchor] = (0, anchor, text)
    env.get_domain("std").anonlabels[f"{env.docname}#{anchor}"] = (env.docname, anchor)


def link(env, chapter: str, text: str, anchor: str = "") -> nodes.Node:
    """A link to a chapter's page, or to the claim or cell with this anchor."""
    docname = f"notebooks/{chapter}"
    kind = {"reftype": "ref", "reftarget": f"{docname}#{anchor}"} if anchor else {"reftype": "doc", "reftarget": f"/{docname}"}
    return addnodes.pending_xref("", nodes.inline("", text), refdomain="std", refexplicit=True, refwarn=True, refdoc=env.docname, **kind)
