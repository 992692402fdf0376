"""Which cells a mutant of one cell needs, from what the unmutated chapter did."""

import dataclasses

from .dataflow import names

WORLD = frozenset({"$random", "$numpy", "$torch", "$environ", "$matplotlib", "$files"})
RESTORED = frozenset({"$random", "$numpy", "$torch"})


@dataclasses.dataclass
class Step:
    """What one cell of the unmutated chapter did.

    `reads` and `stores` are names, the functions' own names followed; `changed` are those whose value it changed; `digests`
    the values after it, by name; `kept` the changed ones as bytes where they are plain data; `fixed` the read names that
    no cell can change in place (modules, functions, numbers, text); `drawing` those that are generators of random numbers; `seconds` are of one core, `wall` by the clock. `forkable`: after it, the process may be forked: it has one thread, and no name holds a path of its folder.
    """

    reads: frozenset[str]
    stores: frozenset[str]
    changed: frozenset[str]
    digests: dict[str, str | None]
    kept: dict[str, bytes]
    fixed: frozenset[str]
    drawing: frozenset[str]
    seconds: float
    wall: float
    forkable: bool


def touched(step: Step) -> frozenset[str]:
    """The names whose values may be others after a changed execution of the cell."""
    return step.changed | step.stores | (step.reads - step.fixed)


def affected(steps: list[Step], start: int, dirty: set[str]) -> set[int]:
    """The cells from `start` on that may see a difference where the values of the names `dirty` are others."""
    dirty, found = set(dirty), set()
    for number in range(start, len(steps)):
        step = steps[number]
        if (step.reads | WORLD) & dirty:
            found.add(number)
            dirty |= touched(step)
        else:
            dirty -= step.changed - step.reads
    return found


def dependents(steps: list[Step], mutated: int) -> set[int]:
    """The cell and all later ones that may see a difference when it is changed."""
    return {mutated} | affected(steps, mutated + 1, touched(steps[mutated]))


def speaks_to(steps: list[Step], mutated: int) -> set[int]:
    """The cell and the later ones that use what it makes, further random numbers from the same generator aside."""
    first = steps[mutated]
    dirty = set((first.changed | first.stores) - first.drawing - WORLD)
    found = {mutated}
    for number, step in enumerate(steps[mutated + 1 :], start=mutated + 1):
        if step.reads & dirty:
            found.add(number)
            dirty |= step.changed | step.stores
            dirty -= step.drawing | WORLD
        else:
            dirty -= step.changed - step.reads
    return found


def needed(steps: list[Step], start: int, run: set[int]) -> tuple[set[int], dict[int, set[str]]]:
    """What must happen from cell `start` on so that the cells `run` find their names.

    Returns the cells to execute, `run` among them, and for each other cell the names to restore from what was kept.
    """
    live: set[str] = set()
    execute, restored = set(), {}
    for number in range(max(run, default=start - 1), start - 1, -1):
        step = steps[number]
        if number in run:
            execute.add(number)
            live = (live - (step.stores - step.reads)) | step.reads | WORLD
            continue
        wanted = step.changed & live
        if not wanted:
            continue
        if wanted <= step.kept.keys():
            restored[number] = set(wanted)
            live -= wanted
        else:
            execute.add(number)
            live = (live - (step.stores - step.reads)) | step.reads | WORLD
    return execute, restored


def static(source: str, mentions: dict[str, frozenset[str]]) -> tuple[frozenset[str], frozenset[str]]:
    """The names that a cell reads, with what the code of functions among them mentions, and those it stores."""
    own = names(source)
    reads, queue = set(), list(own.reads)
    while queue:
        name = queue.pop()
        if name not in reads:
            reads.add(name)
            queue.extend(mentions.get(name, ()))
    return frozenset(reads), own.stores
