"""Break a chapter on purpose, and count what it notices."""

import argparse
import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

from . import house
from .mutants import Mutant, sites


def draw(cells: list[str], many: int, seed: int, only: set[int] | None = None) -> list[tuple[int, Mutant]]:
    """`many` mutants (cell from 0, mutant), each of another site while there are any, in the order of the cells."""
    generator = random.Random(seed)
    places = [(cell, place) for cell, source in enumerate(cells) if not only or cell + 1 in only for place in sites(source)]
    # Constants are half of all sites: at half their weight they leave room for the other slips.
    weight = [0.5 if all(m.operator == "constant" for m in place) else 1.0 for _, place in places]
    order = sorted(range(len(places)), key=lambda i: generator.random() ** (1 / weight[i]), reverse=True)
    chosen = [(places[i][0], generator.choice(places[i][1])) for i in order[:many]]
    return sorted(chosen, key=lambda c: (c[0], c[1].line))


def execute(path: pathlib.Path, mutants: list[tuple[int, Mutant]], jobs: int, show=lambda found: None):
    """Yield the worker's reports on the mutants; ends the worker where the caller stops early."""
    notebook = house.load(path)
    cells = [cell["source"] for cell in house.code_cells(notebook)]
    with house.sandbox(path, notebook) as (folder, environment, kernel):
        environment["PYTHONPATH"] = str(pathlib.Path(__file__).resolve().parents[2])
        request = {
            "cells": cells, "mutants": [(cell, mutant.source) for cell, mutant in mutants], "jobs": jobs,
            "config": str(kernel / "ipython_kernel_config.py"), "startup": str(kernel / "startup.py"),
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "builder.doubt.worker"], cwd=folder, env=environment, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            process.stdin.write(json.dumps(request).encode())
            process.stdin.close()
            for line in process.stdout:
                yield json.loads(line)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="doubt", description=__doc__)
    parser.add_argument("notebook", type=pathlib.Path)
    parser.add_argument("-n", type=int, default=100, help="mutants to draw (default 100)")
    parser.add_argument("--seed", type=int, default=None, help="of the draw (default: by the clock; it is printed)")
    parser.add_argument("--cells", help="only these code cells, counted from 1: 3,7-9")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--report", type=pathlib.Path, help="where to write the survivors (default: doubt-<chapter>.md here)")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.signal(signal.SIGINT, signal.default_int_handler)

    notebook = house.load(options.notebook)
    cells = [cell["source"] for cell in house.code_cells(notebook)]
    claims = house.claims(notebook)
    seed = options.seed if options.seed is not None else int(time.time()) % 100000
    only = set()
    for part in (options.cells or "").split(","):
        if part:
            first, _, last = part.partition("-")
            only |= set(range(int(first), int(last or first) + 1))
    mutants = draw(cells, options.n, seed, only)
    print(f"{options.notebook.stem}: {len(mutants)} mutants of {sum(len(sites(c)) for c in cells)} sites, seed {seed}", flush=True)
    results, depends, began, traced = {}, None, time.monotonic(), None
    try:
        for found in execute(options.notebook, mutants, options.jobs):
            if "fault" in found:
                sys.exit(f"doubt: {options.notebook.stem}: {found['fault']}")
            if "traced" in found:
                if found["seconds"] > 5 or found["traced"] == found["of"]:
                    print(f"  as it stands: cell {found['traced']} of {found['of']}", flush=True)
            elif "depends" in found:
                depends, traced = found["depends"], time.monotonic()
            else:
                cell, mutant = mutants[found["mutant"]]
                results[found["mutant"]] = found
                mark = {"noticed": "noticed ", "survived": "SURVIVED"}.get(found["outcome"], "BROKEN  ")
                where = f"in cell {found['at']}: {found['cause'][:90]}" if "at" in found else found.get("cause", "")[-300:]
                print(f"{len(results):4} {mark} cell {cell + 1} line {mutant.line}: {mutant.before[:70]}  ->  {mutant.after[:70]}   [{mutant.operator}] {where} ({found['seconds']:.1f} s)", flush=True)
    except KeyboardInterrupt:
        print("interrupted: what was tried so far follows")
    noticed = sum(r["outcome"] == "noticed" for r in results.values())
    tried = len(results)
    report = options.report or pathlib.Path(f"doubt-{options.notebook.stem}.md")
    lines = [f"# {options.notebook.stem}: noticed {noticed} of {tried}, seed {seed}", ""]
    for number, found in sorted(results.items()):
        if found["outcome"] == "noticed":
            continue
        cell, mutant = mutants[number]
        of = [claims[n] for n in (depends[cell] if depends else []) if n in claims]
        lines += [
            f"## cell {cell + 1}, line {mutant.line} ({mutant.operator}){'' if found['outcome'] == 'survived' else ': ' + found.get('cause', '')}", "",
            f"- before: `{mutant.before}`", f"- after:  `{mutant.after}`",
            f"- claims that may depend on this cell: {', '.join(map(str, of)) or 'none'}; cells executed: {found.get('ran')}", "",
        ]  # fmt: skip
    report.write_text("\n".join(lines), encoding="utf-8")
    minutes = (time.monotonic() - (traced or began)) / 60
    print(f"noticed {noticed} of {tried} ({noticed / max(tried, 1):.0%}); {tried / max(minutes, 1e-9):.0f} mutants a minute; survivors in {report}")
