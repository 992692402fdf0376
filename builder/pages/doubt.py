"""How much each chapter would notice: its numbers, and every mutant that was not noticed, with the reason where it makes no difference.

    ```{doubt}
    ```
"""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from .. import chapters
from ..doubt.results import Score
from .claims import doubts
from .contents import present, section, table
from .links import link


class Doubt(SphinxDirective):
    """A table of all chapters, then a section for each with its survivors and equivalents."""

    def run(self):
        names = [name for _, part in present(self.env) for name in part]
        rows, sections = [], []
        for name in names:
            title, (chapter, found) = chapters.title(chapters.load(name)), doubts(name)
            score = Score(name, found["mutants"])
            held = [cell for one in found["seeds"] for cell in chapter.claims if str(cell) not in one["failed"]]
            tried = len(found["seeds"]) * len(chapter.claims)
            noticed = f"{score.noticed} of {score.counted}" if score.counted else "not tried"
            share = f"{score.noticed / score.counted:.0%}" if score.counted else ""
            rows.append([link(self.env, name, title), noticed, share, str(len(score.equivalent)), f"{len(held) / tried:.1%} on {len(found['seeds'])}" if tried else "not tried"])
            if score.survivors or score.equivalent:
                sections.append(section(title, *self.changes(name, "Not noticed", score.survivors), *self.changes(name, "Makes no difference", score.equivalent)))
        return [table(["Chapter", "Noticed", "Share", "Equivalent", "Claims that hold on other seeds"], rows), *sections]

    def changes(self, name: str, head: str, mutants: list[dict]) -> list[nodes.Node]:
        if not mutants:
            return []
        items = nodes.bullet_list()
        for one in mutants:
            place = nodes.paragraph("", "", link(self.env, name, f"cell {one['cell']}", f"cell-{one['cell']}"), nodes.Text(f", line {one['line']}: "))
            place += [nodes.literal("", one["before"]), nodes.Text(" became "), nodes.literal("", one["after"] or "nothing")]
            if "reason" in one:
                place += nodes.Text(f". {one['reason']}")
            items += nodes.list_item("", place)
        return [nodes.paragraph("", f"{head}:"), items]
