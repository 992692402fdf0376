"""How much each chapter would notice: its numbers, and every mutant that was not noticed, with the reason where it makes no difference.

    ```{doubt}
    ```
"""

import difflib
import html
import itertools
import re

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from .. import chapters
from ..doubt.results import Score
from .claims import doubts, numbers, place_of, place_of_claim, without_seeds
from .contents import head, present, section, table
from .links import link


class Doubt(SphinxDirective):
    """At the head of the page a table of all chapters; then a section for each with its survivors, its equivalents, and what was noticed."""

    def run(self):
        names = [name for _, part in present(self.env) for name in part]
        rows, sections, all_noticed, all_held, executions = [], [], [0, 0], [0, 0], 0
        for name in names:
            title, (chapter, found) = chapters.title(chapters.load(name)), doubts(name)
            score = Score(name, found["mutants"])
            failed = {cell for one in found["seeds"] for cell in one["failed"]}
            held = sum(str(cell) not in failed for cell in chapter.claims)
            noticed = f"{score.noticed} of {score.counted}" if score.counted else "not tried"
            share = f"{100 * score.noticed // score.counted}%" if score.counted else ""  # all only where it is all
            seeds = [str(len(found["seeds"])), f"{held} of {len(chapter.claims)}"] if found["seeds"] else [without_seeds(name), ""]
            rows.append([link(self.env, name, title), noticed, share, str(len(score.equivalent)), *seeds])
            all_noticed = [all_noticed[0] + score.noticed, all_noticed[1] + score.counted]
            if found["seeds"]:
                all_held, executions = [all_held[0] + held, all_held[1] + len(chapter.claims)], executions + len(found["seeds"])
            aimed = found.get("aimed", [])
            listed, beside = Score(name, mutants := [*found["mutants"], *aimed]), Score(name, aimed)
            if mutants:
                equivalent = self.equivalent(name, listed.equivalent, len(beside.equivalent))
                sections.append(section(title, *self.survivors(name, listed.survivors), *equivalent, self.noticed(name, [one for one in mutants if one["noticed"]], beside.noticed)))
        of_all = table(["Chapter", "Changes noticed", "Share", "Equivalent", "Other seeds", "Claims that hold on each"], rows)
        of_all["classes"].append("doubts")
        for name, row in zip(names, of_all.next_node(nodes.tbody)):
            row["ids"] = [name]
        told = [(f"{all_noticed[0]} of {all_noticed[1]}", "changes of the code noticed")] * bool(all_noticed[1])
        told += [(f"{all_held[0]} of {all_held[1]}", "claims hold on each other seed"), (str(executions), "executions with other seeds")] * bool(executions)
        return [head(told, of_all), *sections]

    def survivors(self, name: str, mutants: list[dict]) -> list[nodes.Node]:
        return [nodes.paragraph("", "Not noticed:"), self.changes(name, mutants)] if mutants else []

    def equivalent(self, name: str, mutants: list[dict], aimed: int) -> list[nodes.Node]:
        opened = nodes.raw("", f'<details class="equivalent"><summary>Equivalent: {of_both(len(mutants), aimed)}</summary>', format="html")  # of a class: it is no side road (folds.py)
        about = nodes.paragraph("", "They make no difference and are not counted, each with its reason:")
        return [opened, about, self.changes(name, mutants), nodes.raw("", "</details>", format="html")] if mutants else []

    def changes(self, name: str, mutants: list[dict]) -> nodes.Node:
        items = nodes.bullet_list()
        for one in mutants:
            place = nodes.paragraph("", "", link(self.env, name, f"cell {one['cell']}", f"cell-{one['cell']}"), nodes.Text(f". {sentence(one.get('reason', ''))}"))
            anchor = []
            if not one.get("reason"):
                place += self.users(name, one["claims"])
                anchor = [place_of(name, one)]
            items += nodes.list_item("", place, nodes.raw("", marked(one["before"], one["after"]), format="html"), ids=anchor)
        return items

    def noticed(self, name: str, mutants: list[dict], aimed: int) -> nodes.Node:
        """How many for each claim, to which the line below it leads, then the changes themselves: of these, those of that claim alone (`ofClaim` in book.js)."""
        claims = "".join(
            f'<li id="{place_of_claim(name, claim["slug"])}" data-claim="{claim["number"]}"><a href="../notebooks/{name}.html#{claim["slug"]}">Claim {claim["number"]}</a>: {said}</li>'
            for claim in chapters.claims(chapters.load(name))
            if (said := counts(name, claim["number"]))
        )
        changes = "".join(
            f'<li data-claims="{" ".join(map(str, one["claims"]))}"><a href="../notebooks/{name}.html#cell-{one["cell"]}">cell {one["cell"]}</a>. {used(one["claims"])}{marked(one["before"], one["after"])}</li>'
            for one in sorted(mutants, key=lambda one: (one["cell"], one["line"]))
        )
        all_of_them = f'<p class="all-noticed" hidden><a href="#{name}-noticed">What was noticed in the whole chapter</a></p>'
        return nodes.raw("", f'<details class="noticed" id="{name}-noticed"><summary>Noticed: {of_both(len(mutants), aimed)}</summary><ul>{claims}</ul>{all_of_them}<ul>{changes}</ul></details>', format="html")

    def users(self, name: str, claims: list[int]) -> list[nodes.Node]:
        """The claims that use the line, as links."""
        numbers = [link(self.env, name, str(one), f"claim-{one}") for one in claims]
        commas = [nodes.Text(", ") for _ in numbers[1:]]
        listed = [part for both in itertools.zip_longest(numbers, commas) for part in both if part]
        return [nodes.Text(f"Used by claim{'s' * (len(claims) > 1)} "), *listed, nodes.Text(".")] if claims else [nodes.Text("No claim uses it.")]


def of_both(count: int, aimed: int) -> str:
    """How many, and why that is more than the table has."""
    return f"{count}, {aimed} of them drawn for a claim and not in the table" if 0 < aimed < count else f"{count}, drawn for a claim and not in the table" if aimed else str(count)


def counts(chapter: str, claim: int) -> str:
    """A claim's numbers, in a line."""
    broken, held = numbers(chapter, claim)
    return ", ".join([f"{broken} changes noticed"] * (" of " in broken and broken[0].isdigit()) + [f"holds on {held} other seeds"] * bool(held))


def used(claims: list[int]) -> str:
    """By which claims, in words: three and more in a row as 4 to 9."""
    rows = []
    for one in claims:
        if rows and one == rows[-1][-1] + 1:
            rows[-1].append(one)
        else:
            rows.append([one])
    parts = [part for row in rows for part in ([f"{row[0]} to {row[-1]}"] if len(row) > 2 else map(str, row))]
    return f"Used by claim{'s' * (len(claims) > 1)} {', '.join(parts)}." if claims else "No claim uses it."


def sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return text and text[0].upper() + text[1:] + "." * (text[-1] not in ".!?")


def marked(before: str, after: str) -> str:
    """What stood and what was put in its place, one below the other, with the words in which they differ marked."""
    old, new = (re.findall(r"\w+|\s+|[^\w\s]", line) for line in (before, after))
    lines = {"del": "", "ins": ""}
    for _, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for mark, part, other in (("del", old[i:j], new[k:m]), ("ins", new[k:m], old[i:j])):
            text = html.escape("".join(part))
            lines[mark] += text if part == other or not text else f"<{mark}>{text}</{mark}>"
    return f'<pre class="change">\N{MINUS SIGN} {lines["del"]}\n+ {lines["ins"] or "<ins>(nothing)</ins>"}</pre>'
