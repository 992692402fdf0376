"""Which claims are live: cut out of their chapter (`slices.py`) and executed alone (`trial.py`), they hold and print what the build printed.

What is found is kept in `_build/live/claims`, a file a chapter, for as long as the chapter's code, its execution and this code are the same.
"""

import ast
import concurrent.futures
import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import queue
import re
import signal
import subprocess
import sys
import tempfile

from ..chapters import claims, code_cells
from ..doubt.mutants import Mutant, plain, sites
from ..execute import key, store
from ..execute.kernel import ONE_THREAD
from ..files import BUILD, ROOT, BookError, digest, write_atomically
from . import slices

FOLDER = BUILD / "live" / "claims"
MOST_SECONDS = 10  # that a claim may take in the build
SUGGESTIONS = 3
MOST_TRIED = 12  # changes of a claim's own cell, and as many of what it depends on
# Modules of Python's own that are there in a browser, and do not work.
NOT_IN_A_BROWSER = {"multiprocessing", "threading", "subprocess", "signal", "socket", "http", "mmap", "resource", "ssl", "tkinter", "curses", "fcntl", "sqlite3", "ensurepip"}
OUTSIDE = {"file": ("file", "it reads a file"), "network": ("file", "it reads a file or the network"), "process": ("machine", "it starts a program")}
# The order in which changes are suggested: those that a reader understands at once first.
TELLING = ["another function", "comparison", "sign", "constant", "operator", "factor", "axis", "ddof", "distribution", "one off", "forgotten function"]


@dataclasses.dataclass(frozen=True)
class Runtime:
    """What the browser's Python has: the package of each module, and the packages that each needs."""

    modules: dict[str, str]
    version: str

    def packages(self, modules: set[str]) -> tuple[set[str], set[str]]:
        """The packages that bring these modules, and the modules that are not there."""
        tops = {module.split(".")[0] for module in modules}
        own = {name for name in tops if name in sys.stdlib_module_names and name not in NOT_IN_A_BROWSER}
        brought = {self.modules[name] for name in tops if name in self.modules}
        return brought, tops - own - self.modules.keys()


@functools.cache
def _code() -> str:
    """Digest of the code that chooses."""
    names = ("live/choose.py", "live/slices.py", "live/trial.py", "live/harness.py", "doubt/dataflow.py", "doubt/mutants.py")
    return digest(*((ROOT / "builder" / name).read_bytes() for name in names))


def key_of(chapter: str, runtime_version: str) -> str:
    """Digest of all that a chapter's choice depends on."""
    record = store.current(chapter)
    if not record:
        raise BookError(f"{chapter} has no complete execution of its present state: run `make`")
    refused = [claim["number"] for claim in claims(store.load(chapter)) if _refused(claim)]
    return digest(record["key"], _code(), runtime_version, json.dumps(refused))


def stored(chapter: str) -> dict | None:
    """What was found, whatever the chapter is by now; None where nothing was."""
    try:
        return json.loads((FOLDER / f"{chapter}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def current(chapter: str) -> dict[int, dict]:
    """The chapter's claims by number, each `live` or with the reason why not; empty where nothing is known of its present state."""
    found = stored(chapter)
    if not found or found["key"] != key_of(chapter, found["runtime"]):
        return {}
    return {int(number): one for number, one in found["claims"].items()}


def choose(chapter: str, runtime: Runtime, jobs: int = 1) -> dict[int, dict]:
    """Try each claim of the chapter, where that is not known, and keep what is found."""
    wanted = key_of(chapter, runtime.version)
    found = stored(chapter)
    if not found or found["key"] != wanted:
        notebook = store.executed(chapter)
        cells = [cell.source for cell in code_cells(notebook)]
        places = {id(cell): number for number, cell in enumerate(code_cells(notebook), start=1)}
        cut = slices.Chapter(cells)
        modules = sorted({module for one in cut.known for module in one.modules if not runtime.packages({module})[1]})
        with contextlib.ExitStack() as stack, concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            free: queue.SimpleQueue = queue.SimpleQueue()
            for _ in range(jobs):
                free.put(stack.enter_context(Trial(modules)))

            def work(claim: dict) -> dict:
                trial = free.get()
                try:
                    return judge(cut, claim, places[id(claim["cell"])], runtime, trial)
                finally:
                    free.put(trial)

            each = [(claim["number"], pool.submit(work, claim)) for claim in claims(notebook) if claim["cell"]]
            found = {"key": wanted, "runtime": runtime.version, "claims": {str(number): one.result() for number, one in each}}
        write_atomically(FOLDER / f"{chapter}.json", json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    return {int(number): one for number, one in found["claims"].items()}


def _refused(claim: dict) -> bool:
    return claim["cell"] is not None and claim["cell"].metadata.get("live") is False


def judge(chapter: slices.Chapter, claim: dict, number: int, runtime: Runtime, trial: "Trial") -> dict:
    """Whether the claim in code cell `number` is live: its cells, packages, seconds and suggestions, or why it is not."""
    if _refused(claim):
        return no("author", "its metadata say `live: false`")
    if "timing" in claim["cell"].metadata.get("tags", []):
        return no("time", "it measures how long something takes on the build's machine")
    own = (number, claim["cell"].source)
    if chapter.read[number] is None or plain(own[1]) != own[1]:
        return no("IPython", "its cell has commands of IPython")
    reason, cells = None, None
    for how in slices.CUTS:
        before, cells = cells, [[f"cell {place}", text] for place, text in [*chapter.cut(number, how), own]]
        if cells == before:
            continue
        modules = {module for _, text in cells for module in slices.imports(ast.parse(plain(text)))}
        lacking = runtime.packages(modules)[1]
        if lacking:
            return reason or no("framework", f"it needs {', '.join(sorted(lacking))}")
        if any(plain(text) != text or re.search(r"\b(get_ipython|display)\(", text) for _, text in cells):
            return reason or no("IPython", "it needs IPython")
        mutants = ordered(own[1])[:MOST_TRIED]
        found = trial.attempt(cells, [mutant.source for mutant in mutants], [])
        if found["touched"]:
            return reason or no(*OUTSIDE[found["touched"][0]])
        if found["fault"] and found["fault"]["type"] == "Endless" or found["seconds"] > MOST_SECONDS:
            return reason or no("time", f"it takes more than {MOST_SECONDS} s")
        if found["fault"]:
            reason = reason or no("cut", f"alone it fails: {found['fault']['type']}: {found['fault']['message'][:200]}")
        elif found["printed"].strip("\n") != claim["value"]:
            reason = reason or no("cut", "alone it prints something else than in its chapter")
        else:
            packages = runtime.packages(modules | set(found["modules"]))[0]  # also what the libraries import on the way
            return {
                "live": True, "cells": cells, "packages": sorted(packages), "seconds": round(found["seconds"], 1), "cut": how,
                "suggestions": suggestions(cells, mutants, found["tried"], trial),
            }  # fmt: skip
    return reason


def no(why: str, detail: str) -> dict:
    return {"live": False, "why": why, "detail": detail}


class Trial:
    """A process of `trial.py` in an empty folder, with these modules imported; to be used in a `with`."""

    def __init__(self, modules: list[str] = ()):
        self.modules = list(modules)

    def __enter__(self):
        kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
        self.box = tempfile.TemporaryDirectory()
        folder = pathlib.Path(self.box.name, "notebooks")
        folder.mkdir()
        settings = {**dict.fromkeys(ONE_THREAD, "1"), "PYTHONHASHSEED": "0", "MPLBACKEND": "agg", "HOME": self.box.name, "TZ": "UTC", "LANG": "C.UTF-8"}
        settings |= {"MPLCONFIGDIR": str(BUILD / "cache"), "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "builder.live.trial"], cwd=folder, env=kept | settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )  # fmt: skip
        self.ask(self.modules)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.box.cleanup()

    def ask(self, request) -> None:
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def attempt(self, cells: list, last: list[str], others: list[list]) -> dict:
        """What becomes of the cells, and of changes of them, as `trial.py` answers."""
        self.ask({"cells": cells, "last": last, "others": others, "enough": SUGGESTIONS, "seconds": 3 * MOST_SECONDS})
        line = self.process.stdout.readline()
        if not line:
            raise BookError("the process that tries the claims ended: run `make live` again")
        found = json.loads(line)
        if "died" in found:
            kind = "Endless" if found["died"] in (-signal.SIGXCPU, -signal.SIGALRM) else "Died"
            fault = {"type": kind, "message": f"its process ended with {found['died']}", "places": []}
            return {"printed": "", "fault": fault, "seconds": 0.0, "touched": [], "modules": [], "tried": []}
        return found


def suggestions(cells: list, mutants: list[Mutant], tried: list[dict], trial: "Trial") -> list[dict]:
    """Two or three changes that make the claim fail: of its own cell, of which these were tried, else of what it depends on."""
    chosen = [(len(cells) - 1, mutants[one["last"]], one["fault"]) for one in tried if one["fault"]]
    asserted = [one for one in chosen if one[2]["type"] == "AssertionError"]
    if len(asserted) < 2:  # what the cell depends on
        others = [(place, mutant) for place in reversed(range(len(cells) - 1)) for mutant in ordered(cells[place][1])[:4]][:MOST_TRIED]
        changed = [[*cells[:place], [cells[place][0], mutant.source], *cells[place + 1 :]] for place, mutant in others]
        tried = trial.attempt(cells, [], changed)["tried"]
        asserted += [(*others[one["others"]], one["fault"]) for one in tried if one["fault"] and one["fault"]["type"] == "AssertionError"]
    asserted += [one for one in chosen if one not in asserted and one[2]["type"] not in ("Endless", "SyntaxError")]
    return [suggestion(cells, *one) for one in asserted[:SUGGESTIONS]]


def ordered(source: str) -> list[Mutant]:
    """The cell's changes, a site's first alone, the most telling first and no two alike in a row."""
    firsts = [place[0] for place in sites(source)]
    rank = {operator: i for i, operator in enumerate(TELLING)}
    by_operator: dict[str, list[Mutant]] = {}
    for mutant in sorted(firsts, key=lambda one: ("…" in "".join(label(source, one.source)), rank.get(one.operator, len(rank)))):
        by_operator.setdefault(mutant.operator, []).append(mutant)
    found = []
    while any(by_operator.values()):
        found += [many.pop(0) for many in by_operator.values() if many]
    return found


def suggestion(cells: list, place: int, mutant: Mutant, fault: dict) -> dict:
    return {"label": " → ".join(label(cells[place][1], mutant.source)), "cell": place, "line": mutant.line, "source": mutant.source, "fault": fault["type"]}


def label(before: str, after: str, most: int = 34) -> tuple[str, str]:
    """The expression of a cell that a change concerns, as it was and as it becomes; `nothing` where it is taken away."""
    old, new = before.encode(), after.encode()  # as the positions of syntax trees count
    start = len(os.path.commonprefix([old, new]))
    end = len(os.path.commonprefix([old[start:][::-1], new[start:][::-1]]))
    first, last = _around(plain(before), start, len(old) - end)
    parts = [old[first:last], new[first : len(new) - (len(old) - last)]]
    texts = [re.sub(r"\s+", " ", part.decode(errors="replace")).strip() for part in parts]
    at = len(re.sub(r"\s+", " ", old[first:start].decode(errors="replace")))
    return tuple("nothing" if text in ("", "pass") else _shortened(text, at, most) for text in texts)


def _shortened(text: str, at: int, most: int) -> str:
    """At most so many characters of the text, those where it changes among them."""
    if len(text) <= most:
        return text
    begin = max(0, min(at - most // 3, len(text) - most + 1))
    end = begin + most - 1 - bool(begin)
    return f"{'…' if begin else ''}{text[begin:end]}{'…' if end < len(text) else ''}"


def _around(source: str, start: int, end: int) -> tuple[int, int]:
    """Where the smallest expression or statement lies that has this part in it and says more than one number or name."""
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    for node in ast.walk(ast.parse(source)):
        if hasattr(node, "end_lineno") and not isinstance(node, ast.Constant | ast.Name | ast.Slice | ast.Tuple):
            span = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
            if span[0] <= start and end <= span[1]:
                found.append(span)
    return min(found, key=lambda span: span[1] - span[0], default=(start, end))
