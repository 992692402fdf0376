"""`python -m builder doubt`: try mutants and seeds of chapters, tell the survivors, and keep the results where that is asked for."""

import contextlib
import sys
import time
from collections.abc import Iterator

from ..chapters import chapters, check_names
from ..files import BookError
from . import house
from .mutants import Mutant
from .results import Score, equivalents, keep, of_claim, stored
from .run import STEP, attempt, draw, places, reseed

AIMED = 4  # mutants drawn for a claim on whose code none of the others fell,
OWN = 3  # in cells that no more than one claim of so many uses, where it has such: what all use are settings


def doubt(names: list[str], n: int, n_seeds: int, seed: int | None, jobs: int, cells: str, record: bool) -> None:
    """`n` mutants and `n_seeds` other seeds of each chapter. `record` keeps them in the book, with some for each claim that none has tried; interrupted, what was tried is kept and told."""
    check_names(names)
    for name in names or chapters():
        chapter = house.chapter(name)
        found = stored(chapter) if record else {"code": chapter.code, "mutants": [], "seeds": []}
        # A record goes on with the draw that it began with.
        found["seed"] = seed if seed is not None else found.get("seed", int(time.time()) % 100_000)
        began = time.monotonic()
        try:
            if n:
                _mutants(chapter, found, n, jobs, numbers(cells))
            if record and not cells:
                _aim(chapter, found, jobs)
            if n_seeds:
                for _ in _seeds(chapter, found, n_seeds, jobs):
                    if record:
                        keep(chapter, found)
        finally:
            if record and (found["mutants"] or found["seeds"]):
                found["minutes"] = round(found.get("minutes", 0) + (time.monotonic() - began) / 60, 1)
                keep(chapter, found)
            _tell(chapter, found)


def numbers(cells: str) -> set[int]:
    """The cells that `3,7-9` names."""
    try:
        ranges = [part.partition("-") for part in cells.split(",") if part]
        return {number for first, _, last in ranges for number in range(int(first), int(last or first) + 1)}
    except ValueError:
        raise BookError(f"'{cells}' names no cells: write them as 3,7-9") from None


def _mutants(chapter: house.Chapter, found: dict, n: int, jobs: int, only: set[int]) -> None:
    among = places(chapter.cells, only)
    there = {(cell + 1, mutant.before, mutant.after) for cell, place in places(chapter.cells) for mutant in place}
    found["mutants"] = [one for one in found["mutants"] if (one["cell"], one["before"], one["after"]) in there]  # a line with another label is tried again
    tried = {(one["cell"], one["before"], one["after"]) for one in found["mutants"]}
    drawn = draw(among, n, found["seed"])
    due = [(cell, mutant) for cell, mutant in drawn if (cell + 1, mutant.before, mutant.after) not in tried]
    found["sites"] = len(among)
    print(f"{chapter.name}: {len(drawn)} mutants of {len(among)} sites, drawn with seed {found['seed']}; {len(due)} to try", flush=True)
    if not due:
        return
    for row in _tried(chapter, due, jobs):
        found["mutants"].append(row)
        _progress(f"{chapter.name}: {len(found['mutants'])} of {len(drawn)}, {sum(not one['noticed'] for one in found['mutants'])} not noticed")
    found["mutants"].sort(key=lambda one: (one["cell"], one["line"], one["after"]))


def _aim(chapter: house.Chapter, found: dict, jobs: int) -> None:
    """Try mutants for each claim that none has tried: they count for claims alone, for the chapter's share is that of a draw from all of it."""
    lonely = [claim for claim in chapter.claims.values() if not of_claim(chapter, found, claim)[0].counted]
    if not lonely:
        return
    with contextlib.closing(attempt(chapter, [], jobs)) as reports:
        depends = next(report["depends"] for report in map(_sound(chapter), reports) if "depends" in report)
    tried = {(one["cell"], one["before"], one["after"]) for one in [*found["mutants"], *found.get("aimed", [])]}
    due = {}
    for cell, claim in chapter.claims.items():
        if claim in lonely:
            among = [(number, place) for number, place in places(chapter.cells) if cell in depends[number]]
            own = [(number, place) for number, place in among if len(chapter.claims.keys() & depends[number]) <= max(1, len(chapter.claims) // OWN)]
            among = own or among
            due |= {(number + 1, mutant.before, mutant.after): (number, mutant) for number, mutant in draw(among, AIMED, found["seed"] + claim)}
    new = [one for place, one in due.items() if place not in tried]
    print(f"{chapter.name}: {len(new)} mutants for claim {', '.join(map(str, lonely))}", flush=True)
    found.setdefault("aimed", [])
    for row in _tried(chapter, sorted(new, key=lambda one: one[0]), jobs) if new else ():
        found["aimed"].append(row)
    found["aimed"].sort(key=lambda one: (one["cell"], one["line"], one["after"]))


def _sound(chapter: house.Chapter):
    """Lets pass what the worker reports, unless the chapter fails as it stands."""

    def checked(report: dict) -> dict:
        if "fault" in report:
            raise BookError(f"{chapter.name}: {report['fault']}: mend the chapter first")
        return report

    return checked


def _tried(chapter: house.Chapter, due: list[tuple[int, Mutant]], jobs: int) -> Iterator[dict]:
    """The row of each mutant, as it is tried; those that are not noticed are told."""
    depends: list[list[int]] = []
    with contextlib.closing(attempt(chapter, due, jobs)) as reports:
        for report in map(_sound(chapter), reports):
            if "traced" in report:
                _progress(f"{chapter.name}: as it stands, cell {report['traced']} of {report['of']}")
            elif "depends" in report:
                depends = report["depends"]
            elif report["outcome"] == "broken":
                raise BookError(f"{chapter.name}: a mutant could not be tried:\n{report['cause']}")
            else:
                cell, mutant = due[report["mutant"]]
                claims = [chapter.claims[number] for number in depends[cell] if number in chapter.claims]
                row = _row(cell, mutant, report, claims)
                yield row
                if report["outcome"] == "survived":
                    print(f"{_where(row)}\n", flush=True)


def _row(cell: int, mutant: Mutant, report: dict, claims: list[int]) -> dict:
    row = {"cell": cell + 1, "line": mutant.line, "operator": mutant.operator, "before": mutant.before, "after": mutant.after, "claims": claims}
    row["noticed"] = report["outcome"] == "noticed"
    return row | ({"at": report.get("at", cell + 1), "cause": report["cause"]} if row["noticed"] else {})


def _seeds(chapter: house.Chapter, found: dict, n_seeds: int, jobs: int) -> Iterator[None]:
    """Execute the chapter on those of `n_seeds` other seeds that are not among what was found; yields after each."""
    tried = {one["offset"] for one in found["seeds"]}
    due = [STEP * k for k in range(1, n_seeds + 1) if STEP * k not in tried]
    with contextlib.closing(reseed(chapter, due, jobs=jobs)) as reports:
        for report in reports if due else ():
            if "outcome" in report:  # the process did not get through the chapter
                raise BookError(f"{chapter.name}: on another seed, {report['cause']}")
            found["seeds"].append({"offset": report["offset"], "failed": report["failed"]})
            found["seeds"].sort(key=lambda one: one["offset"])
            failed = ", ".join(f"cell {number} ({cause})" for number, cause in report["failed"].items())
            print(f"{chapter.name}: seeds + {report['offset']}: {failed or 'all holds'}", flush=True)
            yield


def _progress(text: str) -> None:
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)


def _where(one: dict) -> str:
    claims = f"; used by claim {', '.join(map(str, one['claims']))}" if one["claims"] else ""
    return f"not noticed: code cell {one['cell']}, line {one['line']} ({one['operator']}){claims}\n  - {one['before']}\n  + {one['after']}"


def _tell(chapter: house.Chapter, found: dict) -> None:
    score = Score(chapter.name, found["mutants"])
    if score.counted:
        equivalent = f"; {len(score.equivalent)} equivalent" if score.equivalent else ""
        print(f"{chapter.name}: noticed {score.noticed} of {score.counted}{equivalent}")
    if score.too_many_equivalent:
        print(f"{chapter.name}: more than a quarter of its mutants are listed as equivalent: simplify the code, or assert what it does")
    if found["seeds"]:
        failed = {number for one in found["seeds"] for number in one["failed"]}
        print(f"{chapter.name}: {len(found['seeds'])} other seeds; cells that failed on some: {', '.join(sorted(failed, key=int)) or 'none'}")
    there = {mutant.before for _, place in places(chapter.cells) for mutant in place}
    for before in [before for before, _ in equivalents(chapter.name) if before not in there]:
        print(f"{chapter.name}: equivalent.yml lists a line that is no longer there: {before}")
