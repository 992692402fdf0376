"""Draw mutants of a chapter, and have them tried in a process of their own (`worker.py`), as another seed is."""

import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
from collections.abc import Iterator

from . import house
from .mutants import Mutant, sites

STEP = 7919  # between the seeds' offsets: larger than the numbers that chapters count through


def places(cells: list[str], only: set[int] = frozenset()) -> list[tuple[int, list[Mutant]]]:
    """All sites of the chapter, each with the number of its cell (from 0) and its mutants; of the cells `only` (from 1) where some are named."""
    return [(cell, place) for cell, source in enumerate(cells) if not only or cell + 1 in only for place in sites(source)]


def draw(among: list[tuple[int, list[Mutant]]], many: int, seed: int) -> list[tuple[int, Mutant]]:
    """`many` mutants at random, no two of one site, in the order of the cells; (cell from 0, mutant) each.

    A site whose mutants only change a number counts half: half of all sites are such.
    """
    generator = random.Random(seed)
    weights = [0.5 if all(mutant.operator == "constant" for mutant in place) else 1.0 for _, place in among]
    keys = [generator.random() ** (1 / weight) for weight in weights]
    order = sorted(range(len(among)), key=keys.__getitem__, reverse=True)
    drawn = [(among[i][0], generator.choice(among[i][1])) for i in order[:many]]
    return sorted(drawn, key=lambda one: (one[0], one[1].line))


def attempt(chapter: house.Chapter, mutants: list[tuple[int, Mutant]], jobs: int = 1) -> Iterator[dict]:
    """Try the mutants; yields what the worker reports, as it comes:

    `{"traced": 3, "of": 50}` while the chapter is executed as it stands; `{"depends": ...}`, for each cell the cells that use what it
    makes; `{"mutant": 7, "outcome": "noticed" or "survived", "at": cell, "cause": text, ...}`; `{"fault": text}` where the chapter fails as it stands.
    """
    return _worker(chapter, mutants=[(cell, mutant.source) for cell, mutant in mutants], offsets=[], seconds=0, jobs=jobs)


def reseed(chapter: house.Chapter, offsets: list[int], seconds: float = 600, jobs: int = 1) -> Iterator[dict]:
    """Execute the chapter with each of these added to its seeds; yields `{"offset": 7919, "failed": {cell: cause}}` of each. `seconds`: what the chapter takes."""
    return _worker(chapter, mutants=[], offsets=offsets, seconds=seconds, jobs=jobs)


def _worker(chapter: house.Chapter, **request) -> Iterator[dict]:
    with chapter.surroundings() as (folder, environment, settings):
        request |= {"cells": chapter.cells, "settings": str(settings)}
        environment["PYTHONPATH"] = str(pathlib.Path(__file__).parents[2])
        process = subprocess.Popen(
            [sys.executable, "-m", "builder.doubt.worker"], cwd=folder, env=environment, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            process.stdin.write(json.dumps(request).encode())
            process.stdin.close()
            for line in process.stdout:
                yield json.loads(line)
            if process.wait():
                raise house.BookError(f"{chapter.name}: the process that tried its mutants ended with {process.returncode}: run it again")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()
