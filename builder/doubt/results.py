"""What is known of how much the chapters notice: results, kept by the digest of the chapter's code, and the equivalent mutants.

Both are committed in `book/_doubt/`: a file of results a chapter, and `equivalent.yml`,

    cauchy:
      - before: the line as it stands
        after: the line as it was changed
        reason: why the change makes no difference that a claim, a figure or a recipe speaks of
"""

import functools
import json
import pathlib

import yaml

from ..files import ROOT, write_atomically
from . import house

FOLDER = ROOT / "book" / "_doubt"
EQUIVALENT = FOLDER / "equivalent.yml"
MOST_EQUIVALENT = 0.25  # of a chapter's mutants; a list that grows lazily makes the measure worthless


@functools.lru_cache(maxsize=1)
def parsed(text: str) -> dict:
    """Once for the hundreds of claims that ask."""
    return yaml.safe_load(text) or {}


def equivalents(chapter: str) -> dict[tuple[str, str], str]:
    """The reason of each equivalent mutant of the chapter, by what stood before and after."""
    try:
        listed = parsed(EQUIVALENT.read_text(encoding="utf-8")) if EQUIVALENT.exists() else {}
        return {(one["before"], one["after"]): one["reason"] for one in listed.get(chapter) or []}
    except yaml.YAMLError as error:
        raise house.BookError(f"book/_doubt/equivalent.yml, line {error.problem_mark.line + 1}: not YAML: compare the indentation with the entries around it") from None
    except (KeyError, TypeError, AttributeError):
        raise house.BookError(f"book/_doubt/equivalent.yml: each entry of {chapter} has `before`, `after` and `reason`: complete it") from None


def path(chapter: str) -> pathlib.Path:
    return FOLDER / f"{chapter}.json"


def stored(chapter: house.Chapter) -> dict:
    """The results of the chapter's present code, empty where there are none: results of other code tell nothing of this one."""
    try:
        found = json.loads(path(chapter.name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = {}
    return found if found.get("code") == chapter.code else {"code": chapter.code, "mutants": [], "seeds": []}


def keep(chapter: house.Chapter, found: dict) -> None:
    """A line for each mutant and each seed, so that a change of the file can be read."""
    rows = lambda many: "[\n" + ",\n".join(f"  {json.dumps(one, ensure_ascii=False, sort_keys=True)}" for one in many) + "\n ]" if many else "[]"  # noqa: E731
    lists = ("mutants", "aimed", "seeds")
    lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in found.items() if name not in lists]
    lines += [f' "{name}": {rows(found[name])}' for name in lists if name in found]
    write_atomically(path(chapter.name), "{\n" + ",\n".join(lines) + "\n}\n")


class Score:
    """The numbers of one chapter, or of one claim of it: of the mutants tried, how many were noticed, and which were not."""

    def __init__(self, chapter: str, mutants: list[dict]):
        reasons = equivalents(chapter)
        self.equivalent = [one | {"reason": reasons[_change(one)]} for one in mutants if not one["noticed"] and _change(one) in reasons]
        self.survivors = [one for one in mutants if not one["noticed"] and _change(one) not in reasons]
        self.noticed = sum(one["noticed"] for one in mutants)
        self.counted = self.noticed + len(self.survivors)

    @property
    def too_many_equivalent(self) -> bool:
        return len(self.equivalent) > MOST_EQUIVALENT * (self.counted + len(self.equivalent))


def _change(mutant: dict) -> tuple[str, str]:
    return mutant["before"], mutant["after"]


def of_claim(chapter: house.Chapter, found: dict, claim: int) -> tuple[Score, tuple[int, int]]:
    """The claim's score over the mutants of cells that it uses, those drawn for it (`aimed`) among them, and on how many other seeds of how many it held."""
    cell = next(number for number, its in chapter.claims.items() if its == claim)
    held = sum(str(cell) not in one["failed"] for one in found["seeds"])
    return Score(chapter.name, [one for one in [*found["mutants"], *found.get("aimed", [])] if claim in one["claims"]]), (held, len(found["seeds"]))
