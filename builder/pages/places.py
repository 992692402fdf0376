"""The places of the book that have an address of their own: chapters, sections, claims, figures, questions of practice, terms.

What each holds is noted while its page is read; the search (search.py) and the previews (previews.py) are made of it. A figure's address is the `name` that its
author gave it in `mystnb: figure`, else the first words of its caption; `figure-2` leads to it as well.
"""

import ast
import dataclasses
import re

import bs4
from docutils import nodes
from sphinx import addnodes

from .executed import chapter_of
from .links import note_anchor

PRACTICE = "What goes wrong"
READING = "Further reading"


@dataclasses.dataclass
class Place:
    """What stands at one address: its `text` by paragraphs, and by the lines that its cells printed. Formulas are written `\\(x^2\\)`, several lines of them as an ellipsis."""

    kind: str  # chapter, section, claim, figure, question, term, exercise, reading, about
    anchor: str  # empty for a page's beginning
    title: str
    text: list[str] = dataclasses.field(default_factory=list)
    code: list[str] = dataclasses.field(default_factory=list)
    others: list[str] = dataclasses.field(default_factory=list)  # anchors that lead there as well

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def spoken(node: nodes.Node) -> str:
    """The node's text with its formulas as TeX between marks, without what is there for the eye."""
    if isinstance(node, (nodes.math, nodes.math_block)):
        return "…" if r"\begin" in node.astext() else rf"\({node.astext()}\)"  # lines of formulas below each other are no part of a text
    if isinstance(node, nodes.raw):
        return bs4.BeautifulSoup(node.astext(), "html.parser").get_text() if node.astext().startswith("<summary") else ""
    if isinstance(node, nodes.Text):
        return str(node)
    if {"claim-holds", "claim-doubted", "measured"} & set(node.get("classes", [])):  # no cell printed these, and what was measured is another in each build
        return ""
    return "".join(map(spoken, node.children))


def lead(node: nodes.Node) -> str:
    """The bold words with which a paragraph or an item of a list begins."""
    first = node[0] if isinstance(node, nodes.list_item) and len(node) else node
    strong = next((child for child in first.children if child.astext()), None) if isinstance(first, nodes.paragraph) else None
    return spoken(strong).rstrip(".") if isinstance(strong, nodes.strong) else ""


class Reader:
    """Goes through a page and notes what stands where."""

    def __init__(self, app, doctree):
        self.env, self.document = app.env, doctree
        self.chapter = chapter_of(app.env.docname)
        self.found: list[Place] = []

    def place(self, kind: str, anchor: str, title: str) -> Place:
        if not self.chapter and kind == "section":
            kind = "about"
        self.found.append(Place(kind, anchor, " ".join(title.split())))
        return self.found[-1]

    def name(self, node: nodes.Element, text: str) -> str:
        """Give the node an address made of these words."""
        wanted = anchor = nodes.make_id(" ".join(re.findall(r"\w+", text)[:8]))
        number = 1
        while anchor in self.document.ids:
            number += 1
            anchor = f"{wanted}-{number}"
        self.document.ids[anchor] = node
        node["ids"].insert(0, anchor)
        note_anchor(self.env, anchor, text)
        return anchor

    def read(self, node: nodes.Element, here: Place | None, *, practice: bool = False) -> None:
        """Note what the node's children hold: in `here`, or in a place of their own."""
        for child in node.children:
            if here is not None and here.kind == "chapter" and lead(child):
                here = dataclasses.replace(here, text=here.code)  # its question is shown; what it promises after that is found alone
            if isinstance(child, nodes.section):
                self.section(child, practice=practice)
            elif isinstance(child, nodes.container) and "claim" in child["classes"] and child["ids"]:  # not one that is quoted on another page
                self.claim(child)
            elif isinstance(child, nodes.figure):
                self.figure(child)
            elif isinstance(child, addnodes.glossary):
                self.glossary(child)
            elif practice and isinstance(child, (nodes.paragraph, nodes.list_item)) and lead(child):
                here = self.place("question", self.name(child, lead(child)), lead(child))
                here.text.append(re.sub(rf"^\s*{re.escape(lead(child))}(?:[.\s]+|:\s*(\w))*", lambda colon: (colon[1] or "").upper(), spoken(child)))
                paragraph = child if isinstance(child, nodes.paragraph) else child[0]
                paragraph += nodes.raw("", f'<a class="headerlink" href="#{here.anchor}" aria-label="Link to this question" title="Link to this question">#</a>', format="html")
            elif here is not None:
                self.note(child, here, practice=practice)

    def note(self, child: nodes.Node, here: Place, *, practice: bool) -> None:
        if isinstance(child, nodes.literal_block):
            is_code = "cell_input" in child.parent["classes"] or not self.chapter
            here.code.append(undrawn(child.astext())[:2000]) if is_code else here.text.extend(child.astext()[:2000].replace("\\\n", " ").splitlines())
        elif isinstance(child, nodes.container) and (child.get("nb_element") == "mime_bundle" or {"tag_timing", "cell_output"} <= {*child["classes"], *child.parent["classes"]}):
            for figure in child.findall(nodes.figure):  # the rest are tables, and what was measured, which is another in each build
                self.figure(figure)
        elif isinstance(child, nodes.table) and not self.chapter:
            pass  # made of what stands elsewhere
        elif isinstance(child, nodes.paragraph) and "measured" in child["classes"]:
            pass  # another in each build
        elif isinstance(child, (nodes.TextElement, nodes.raw)):
            here.text.append(spoken(child))
        elif isinstance(child, nodes.Element):
            self.read(child, here, practice=practice and not isinstance(child, nodes.block_quote))

    def section(self, node: nodes.section, *, practice: bool) -> None:
        title = spoken(node[0])
        if isinstance(node.parent, nodes.document):
            here = self.place("chapter" if self.chapter else "about", "", title)
        else:
            kind = "exercise" if title.startswith("Exercise ") else "reading" if title == READING else "question" if practice else "section"
            here = self.place(kind, node["ids"][0], title)
        self.read(rest(node), here, practice=practice or title.startswith(PRACTICE))

    def claim(self, node: nodes.container) -> None:
        sentence = node.next_node(nodes.paragraph)
        title = re.sub(r"^Claim \d+\.\s*", "", " ".join(spoken(sentence).split()))
        here = self.place("claim", node["ids"][0], title)
        here.others += node["ids"][1:]
        self.read(rest(node), here)

    def figure(self, node: nodes.figure) -> None:
        caption = node.next_node(nodes.caption)
        if caption is None:
            return
        number, _, words = spoken(caption).partition(". ")
        self.name(node, node["names"][0] if node["names"] else re.split(r"[.:]\s", words)[0])
        here = self.place("figure", node["ids"][0], words)
        if self.chapter:
            node["ids"].append(nodes.make_id(number))
            here.others += node["ids"][1:]
            note_anchor(self.env, nodes.make_id(number), number)
        here.text += dict.fromkeys(image["alt"] for image in node.findall(nodes.image) if image.get("alt"))

    def glossary(self, node: nodes.Element) -> None:
        for item in node.findall(nodes.definition_list_item):
            term = item.next_node(nodes.term)
            self.place("term", term["ids"][0], spoken(term)).text.append(spoken(item.next_node(nodes.definition)))


def rest(node: nodes.Element) -> nodes.Element:
    """The node's children after the first, which stay its own."""
    view = nodes.container()
    view.children = node.children[1:]
    return view


def undrawn(source: str) -> str:
    """The code without what pyplot is told in passing, words and arrows: nobody looks for these. All of it where it is not Python."""

    def draws(node: ast.stmt) -> bool:
        if isinstance(node, ast.For):
            return all(map(draws, node.body))
        return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and ast.unparse(node.value.func).startswith("plt.")

    try:
        drawn = {line for node in ast.parse(source).body if draws(node) for line in range(node.lineno, node.end_lineno + 1)}
    except SyntaxError:
        return source
    return "\n".join(line for number, line in enumerate(source.splitlines(), start=1) if number not in drawn)


def note(app, doctree):
    reader = Reader(app, doctree)
    reader.read(doctree, None)
    app.env.metadata[app.env.docname]["places"] = reader.found


def places(env, docname: str) -> list[Place]:
    """The places of a page, as they were noted when it was read."""
    return env.metadata[docname].get("places", [])
