"""Recipes, open in a box with a button that copies them, together with what of the chapter they need (builder/recipes.py).

A long one is cut, and says so: its first lines fade, above a button that shows all of it. Without scripts, and on paper, it is whole.
"""

import functools
import html

from docutils import nodes

from ..chapters import code_cells
from ..recipes import is_recipe, needed, prints
from . import executed
from .executed import chapter_of

BOX = (
    '<div class="recipe-head"><p>Recipe{names}{more}</p><button type="button" class="recipe-copy pst-js-only" data-before="{before}">Copy</button>'
    '<p class="recipe-told" role="status"></p></div>'
)
MORE = '<button type="button" class="recipe-more pst-js-only" aria-expanded="false">Show all {lines} lines</button>'
LONG = 30  # lines: more are cut


@functools.cache
def copied(name: str) -> list[str]:
    """The text that each of the chapter's recipes puts on the clipboard."""
    notebook = executed.chapter(name)
    return [
        "".join(output.get("text", "") for output in cell.outputs).strip("\n") + "\n" if prints(cell) else needed(notebook, cell)[0] + cell.source.rstrip() + "\n"
        for cell in code_cells(notebook)
        if is_recipe(cell)
    ]


def box(app, doctree, docname):
    """Each recipe gets its head: how it is called, what is copied with it, and the button."""
    name = chapter_of(docname)
    if not name or app.builder.format != "html":
        return
    notebook = executed.chapter(name)
    cells = code_cells(notebook)
    for node in doctree.findall(nodes.container):
        if node.get("nb_element") != "cell_code" or "tag_recipe" not in node.get("classes", []):
            continue
        cell = cells[next(int(one.removeprefix("cell-")) for one in node["ids"] if one.startswith("cell-")) - 1]
        before, helpers, _ = ("", [], set()) if prints(cell) else needed(notebook, cell)
        names = [] if prints(cell) else executed.contents(cell.source)[1]
        shown = f": {executed.listed([f'<code>{html.escape(one)}</code>' for one in names])}" if names else ""
        parts = ["its imports"] * (before.startswith(("import ", "from "))) + [f"<code>{one}</code>" if "more" not in one else one for one in few(helpers)]
        more = f'<span class="recipe-with pst-js-only">copied with {executed.listed(parts)}</span>' if parts else ""
        node["classes"].append("recipe")
        for block in node.findall(nodes.literal_block) if prints(cell) else ():
            if "stream" in block["classes"]:
                block["language"] = "bash"
        place = node.parent.index(node)
        if parts and len(node.parent) > place + 1:
            set_apart_needs(node.parent[place + 1])
        node.insert(0, nodes.raw("", BOX.format(names=shown, more=more, before=html.escape(before)), format="html"))
        lines = len(cell.source.rstrip().splitlines())
        if lines > LONG and not prints(cell):
            node["classes"].append("recipe-long")
            node.insert(2, nodes.raw("", MORE.format(lines=lines), format="html"))  # below its code, above what it prints


def set_apart_needs(paragraph: nodes.Node) -> None:
    """Which imports a recipe needs, the text says for who copies by hand; where the button takes them along, as its head says, it is not shown (book.css)."""
    if not (isinstance(paragraph, nodes.paragraph) and paragraph.astext().startswith("It needs ") and isinstance(paragraph[min(1, len(paragraph) - 1)], nodes.literal)):
        return
    last = paragraph[-1]
    own, stop, rest = last.astext().partition(". ")
    sentence = nodes.inline("", "", *paragraph.children[:-1], nodes.Text(own + stop), classes=["recipe-needs"])
    paragraph.children = []
    paragraph += [sentence, *[nodes.Text(rest)] * bool(rest)]
    paragraph["classes"] += ["recipe-needs"] * (not rest)


def few(names: list[str], most: int = 3) -> list[str]:
    return names if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} more"]
