"""Folded code, out of the reader's way: neighbours that show nothing between them are one fold, and the code of what is seen stands below it.

    [code of f, folded] [checks, folded] [code that draws, folded; figure]   becomes   [figure; fold of all three]
    [code of f, folded] [claim]                                              becomes   [claim; its code, with f]

Each cell keeps its frame and its address within the fold; a link to it opens it (book.js).
"""

import html
import re

import nbformat
from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode

from ..chapters import code_cells
from . import executed
from .claims import CODE
from .executed import chapter_of
from .figures import called
from .naming import brief, fitting

SIDE_ROAD = re.compile(r"<details>\s*<summary>(.*?)</summary>\s*", re.S)


def fold_of(node: nodes.Node) -> HideCodeCellNode | None:
    """The fold of a folded cell; None where the node is something else, or not all of its code is in the fold."""
    if not isinstance(node, nodes.container) or node.get("nb_element") != "cell_code":
        return None
    folds = [child for child in node.children if isinstance(child, HideCodeCellNode) and "above-input" in child["classes"]]
    return folds[0] if len(folds) == 1 else None


def shows(cell: nodes.container) -> bool:
    """Whether something of the cell is seen that is not folded."""
    return len(cell.children) > 1


def claim_cell(node: nodes.Node) -> nodes.container | None:
    """The cell of a claim's frame."""
    if isinstance(node, nodes.container) and "claim" in node.get("classes", []):
        return next((child for child in node.children if "tag_claim" in child.get("classes", [])), None)
    return None


def runs(parent: nodes.Element) -> list[list[nodes.container]]:
    """The parent's folded cells, those that stand one after another together."""
    found, before = [], None
    for place, child in enumerate(parent.children):
        if fold_of(child) is not None:
            if before != place - 1:
                found.append([])
            found[-1].append(child)
            before = place
    return found


def groups(run: list[nodes.container]) -> tuple[list[tuple[list[nodes.container], nodes.container]], list[nodes.container]]:
    """The cells of each fold with the one that keeps it: what shows nothing goes to the next that shows something; and those after the last such."""
    found, waiting = [], []
    for cell in run:
        waiting.append(cell)
        if shows(cell):
            found.append((waiting, cell))
            waiting = []
    return found, waiting


def merge(app, doctree, docname):
    """Once MyST-NB has folded what the cells' tags ask for."""
    name = chapter_of(docname)
    if not name or app.builder.format != "html":
        return
    notebook = executed.chapter(name)
    for parent in {id(cell.parent): cell.parent for cell in doctree.findall(nodes.container) if fold_of(cell) is not None}.values():
        for run in runs(parent):
            found, rest = groups(run)
            after = parent[parent.index(run[-1]) + 1] if parent.index(run[-1]) + 1 < len(parent) else None
            owner = claim_cell(after) if after is not None else None
            bare = [cell for cell in rest if not any("cell_output" in part.get("classes", []) for part in cell.findall(nodes.container))]
            if owner is not None and rest and bare == rest:
                give_to_claim(rest, owner, notebook)
                rest = []
            if rest and found:
                found[-1] = (found[-1][0] + rest, found[-1][1])
            elif rest:
                found.append((rest, rest[-1]))
            for cells, keeper in found:
                make_one(cells, keeper, notebook)


def announced(cell: nodes.container) -> bool:
    """Whether the paragraph before the cell speaks of "the folded cell": that is printed with the text (book.css), as a solution is; other folded code is not."""
    place = cell.parent.index(cell)
    return place > 0 and isinstance(cell.parent[place - 1], nodes.paragraph) and re.search(r"\bfolded cell\b", cell.parent[place - 1].astext()) is not None


def number(cell: nodes.container) -> int:
    return next(int(one.removeprefix("cell-")) for one in cell["ids"] if re.fullmatch(r"cell-\d+", one))


def cells_of(found: list[nodes.container], notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The notebook's cells that these show."""
    return [code_cells(notebook)[number(cell) - 1] for cell in found]


def unwrapped(cell: nodes.container) -> nodes.container:
    """The cell with what it had in a fold of its own."""
    fold = fold_of(cell)
    place = cell.index(fold)
    cell.remove(fold)
    cell.insert(place, fold.children)
    return cell


def make_one(cells: list[nodes.container], keeper: nodes.container, notebook: nbformat.NotebookNode) -> None:
    """One fold of these cells, in the frame of that which keeps it, below what it shows."""
    fold, place = fold_of(keeper), cells.index(keeper)
    own = cells_of(cells, notebook)
    kinds = list(map(executed.kind, own))
    solution = "solution" in {kind for kind, _ in kinds}
    word, names = brief(own, notebook)
    fold["brief"] = word, fitting(word, names)
    fold["classes"] += ["to-read"] * (solution or announced(cells[0])) + ["solution"] * solution
    if len(cells) > 1 or names:
        what = executed.words(kinds) if word == "defines" or not names else f"the code that {word} {executed.named(names, executed.LONGEST - 30)}"
        fold["prompt_show"], fold["prompt_hide"] = f"Show {what}", f"Hide {what}"
    for others, at in ((cells[place + 1 :], len(fold)), (cells[:place], 0)):
        for cell in others:
            cell.parent.remove(cell)
        fold.insert(at, list(map(unwrapped, others)))
    if shows(keeper):
        keeper.remove(fold)
        keeper.append(fold)
        fold["classes"].append("below-output")
        figure = next(filter(None, (called(cell, notebook) for cell in own)), "it")
        for one in ("prompt_show", "prompt_hide"):
            fold[one] = fold[one].replace("draws the figure", f"draws {figure.lower()}")


def give_to_claim(cells: list[nodes.container], owner: nodes.container, notebook: nbformat.NotebookNode) -> None:
    """What stands folded right before a claim is part of the claim's code."""
    opening = next(child for child in owner.children if isinstance(child, nodes.raw) and child.astext().startswith("<details"))
    own = cells_of(cells, notebook)
    kinds = list(map(executed.kind, own))
    names = [name for one, found in kinds for name in found if one == "names"]
    held = executed.named(names + ["more"] * any(one != "names" for one, _ in kinds), executed.LONGEST - 20) if names else "what it needs"
    for cell in cells:
        cell.parent.remove(cell)
    place = owner.index(opening)
    owner.remove(opening)
    text = CODE.format(re.search(r"claim (\d+)", opening.astext())[1], html.escape(f", with {held}"))
    owner.insert(place, [nodes.raw("", text, format="html"), *map(unwrapped, cells)])


def join_side_roads(app, doctree, docname):
    """A side road's heading is what opens it, with the line that says what it holds below its words. The heading stays where Sphinx looks for it, between two pieces of HTML."""
    if app.builder.format != "html":
        return
    for title in list(doctree.findall(nodes.title)):
        section, place = title.parent, title.parent.index(title)
        following = section[place + 1] if len(section) > place + 1 else None
        found = SIDE_ROAD.fullmatch(following.astext()) if isinstance(following, nodes.raw) else None
        if found:
            section.replace(following, nodes.raw("", f'<span class="side-road-holds">{found[1]}</span></summary>', format="html"))
            section.insert(place, nodes.raw("", '<details class="side-road"><summary>', format="html"))
