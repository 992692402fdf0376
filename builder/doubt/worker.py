"""The process that executes one chapter and its mutants. It reads a request from standard input and writes a JSON line a result.

It executes the chapter cell by cell. Before each cell it forks a child for each mutant of that cell; the child executes the
mutated cell and the later cells that see a difference, up to the first fault. A process with several threads (TensorFlow's)
cannot be forked: from there on children start from the last state that could, and execute what the mutated cell needs.
"""

import contextlib
import ctypes
import functools
import json
import os
import pathlib
import pickle
import random
import re
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import types

import numpy
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import PyFileConfigLoader

from . import plan, seeds, state

MOST_KEPT = 2**28  # bytes of one value that are kept
ALL_KEPT = 3 * 2**30  # and of all values together
# What no cell changes in place.
FIXED = (int, float, complex, str, bytes, type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)


def most(seconds: float) -> float:
    """Seconds of one core after which what once took `seconds` is taken not to end."""
    return 10 * seconds + 3


class Shell:
    """A chapter's names, and IPython as its kernel sets it up."""

    def __init__(self, config: pathlib.Path, startup: pathlib.Path):
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        self.ip = InteractiveShell.instance(config=PyFileConfigLoader(str(config)).load_config())
        self.ip.showtraceback = self.ip.showsyntaxerror = lambda *_, **__: None  # an error is told by its last line alone
        self.ip.run_cell(startup.read_text(encoding="utf-8"))
        self.hidden = set(self.ip.user_ns)
        # A process begins with random numbers of its own, and a fork with others: here each begins with the same.
        random.seed(0)
        numpy.random.seed(0)
        os.register_at_fork(before=self._remember, after_in_child=self._recall)

    def _remember(self) -> None:
        self.random = random.getstate()

    def _recall(self) -> None:
        random.setstate(self.random)

    def run(self, source: str) -> BaseException | None:
        result = self.ip.run_cell(source, store_history=False)
        return result.error_before_exec or result.error_in_exec

    @property
    def names(self) -> dict:
        return self.ip.user_ns

    def user(self, name: str) -> bool:
        return name in self.names and name not in self.hidden and not re.fullmatch(r"_+|_i+|_i?\d+|_oh|_dh", name)


def forkable() -> bool:
    threads = os.listdir("/proc/self/task")
    return len(threads) == 1 and not pathlib.Path(f"/proc/self/task/{threads[0]}/children").read_text(encoding="ascii").strip()


def told(value, folder: str) -> bool:
    """Whether text, a path or a short collection holds a path of the folder: a child, which has a folder of its own, must find its own there."""
    short = not isinstance(value, (list, tuple, set, dict)) or len(value) < 1000
    return isinstance(value, (str, bytes, pathlib.PurePath, list, tuple, set, dict)) and short and folder in repr(value)


def trace(shell: Shell, cells: list[str], report) -> list[plan.Step]:
    """Execute the whole chapter, noting what each cell changes."""
    steps, mentions, digests, size = [], {}, {}, 0
    world, box = state.world(), str(pathlib.Path.cwd().parent)
    for number, source in enumerate(cells):
        reads, stores = plan.static(source, mentions)
        began = time.process_time(), time.monotonic()
        error = shell.run(source)
        seconds, wall = time.process_time() - began[0], time.monotonic() - began[1]
        if error is not None:
            raise RuntimeError(f"code cell {number + 1} fails as it stands: {type(error).__name__}: {error}")
        touched = {name for name in reads | stores if shell.user(name)}
        after = {}
        for name in touched:
            after[name], mentions[name] = state.digest(shell.names[name])
        changed = {name for name in touched if name not in digests or after[name] is None or after[name] != digests[name]}
        changed |= {name for name in (reads | stores) & digests.keys() if name not in shell.names}
        now = state.world()
        changed |= {name for name in now if now[name] != world.get(name)}
        keep = {}
        at_home = {name for name in changed & touched if told(shell.names[name], box)}
        for name in (changed & touched) - at_home:
            data = state.kept(shell.names[name], min(MOST_KEPT, ALL_KEPT - size))
            if data is not None:
                keep[name] = data
                size += len(data)
        keep |= {name: value for name, value in state.keep_world().items() if name in changed}
        fixed = {name for name in reads if name not in touched or isinstance(shell.names[name], FIXED)}
        digests |= after
        world = now
        drawing = {name for name in touched if hasattr(shell.names[name], "bit_generator") or isinstance(shell.names[name], numpy.random.RandomState)}
        steps.append(plan.Step(reads, stores, frozenset(changed), after | now, keep, frozenset(fixed), frozenset(drawing), seconds, wall, forkable() and not at_home))
        report({"traced": number + 1, "of": len(cells), "seconds": round(seconds, 2)})
    return steps


def try_mutant(shell: Shell, cells: list[str], steps: list[plan.Step], start: int, mutated: int, source: str | None, *, whole: bool = False) -> dict:
    """Execute cell `mutated` as `source`, and all that sees a difference; says whether and where that fails.

    The process has executed the cells before `start` and no other. Without a source all that could see a difference is executed
    unchanged: a control. `whole` executes every cell. Where it turns out on the way that a cell sees a difference which was not
    to be foreseen, and some were passed over that may have made what it needs, the outcome is "unforeseen": to be tried as a whole.
    """
    expected: dict[str, str | None] = {}
    for step in steps[:start]:
        expected |= step.digests
    pending: dict[str, object] = {}  # what was kept of cells that are not executed, until a cell reads it
    dirty: set[str] = set()
    ran: list[int] = []
    foreseen = plan.dependents(steps, mutated)
    execute, restored = plan.needed(steps, start, foreseen)
    if whole:
        execute = set(range(start, len(steps)))
    for number, step in enumerate(steps[start:], start=start):
        expected |= step.digests
        if number not in execute:
            pending |= {name: step.kept[name] for name in restored.get(number, ())}
            dirty -= step.changed - step.reads
            continue
        reads, code = step.reads, cells[number]
        if number == mutated and source is not None:
            reads, code = reads | plan.static(source, {})[0], source
        for name in (reads | plan.WORLD) & pending.keys():
            (state.restore_world if name.startswith("$") else state.restore)(shell.names, name, pending.pop(name))
        sees = number == mutated or (reads | plan.WORLD) & dirty
        signal.setitimer(signal.ITIMER_PROF, most(step.seconds))  # its end comes by SIGPROF; a limit would hold for what the cell starts, too
        error = shell.run(code)
        ran.append(number + 1)
        if error is not None:
            cause = f"{type(error).__name__}: {error}".strip().splitlines()[0][:300]
            return {"outcome": "noticed", "at": number + 1, "cause": cause, "ran": ran}
        for name in step.stores:
            pending.pop(name, None)
        if source is None or not sees:
            dirty -= step.changed - step.reads
            continue
        for name, value in {**values(shell, (reads | plan.touched(step)) - pending.keys(), expected), **state.world()}.items():
            if name not in pending:
                (dirty.discard if value is not None and value == expected.get(name) else dirty.add)(name)
        if number >= mutated:
            affected = plan.affected(steps, number + 1, dirty)
            if not affected:
                break
            if not whole:
                if not affected <= foreseen and len(ran) <= number - start:
                    return {"outcome": "unforeseen", "ran": ran}
                foreseen |= affected
                execute, restored = plan.needed(steps, number + 1, affected)
    return {"outcome": "survived", "ran": ran}


def values(shell: Shell, names: frozenset[str], expected: dict[str, str | None]) -> dict[str, str | None]:
    """Digests of those of the names that are the chapter's own; None for one that should be there and is not."""
    own = {name for name in names - plan.WORLD if shell.user(name) or (name in expected and name not in shell.names)}
    return {name: state.digest(shell.names[name])[0] if name in shell.names else None for name in own}


@contextlib.contextmanager
def own_folder():
    """A copy of the working folder with its files, so that children do not meet each other's."""
    box = pathlib.Path.cwd().parent
    mine = pathlib.Path(tempfile.mkdtemp(dir=box.parent))
    try:
        shutil.copytree(box, mine / "box", symlinks=True)
        os.chdir(mine / "box" / pathlib.Path.cwd().name)
        yield
    finally:
        shutil.rmtree(mine, ignore_errors=True)


def end_with_parent() -> None:
    """Have Linux end this process when the worker ends, however it ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Child:
    """A forked process that tries one mutant and answers through a pipe. `seconds`: what the same took as it stands, by the clock."""

    def __init__(self, work, seconds: float):
        self.limit = most(seconds)
        self.began = time.monotonic()
        self.pipe, there = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setpgid(0, 0)
                end_with_parent()
                os.close(self.pipe)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                with own_folder():
                    answer = work()
            except BaseException as error:  # also SystemExit: what a cell does must not end the worker's copy in silence
                answer = {"outcome": "broken", "cause": "".join(traceback.format_exception(error))}
            data = json.dumps(answer).encode()
            while data:
                data = data[os.write(there, data) :]
            os._exit(0)
        os.close(there)
        self.data = b""

    def overdue(self) -> bool:
        return time.monotonic() - self.began > 4 * self.limit + 60

    def kill(self) -> None:
        for kill in (os.killpg, os.kill):
            try:
                kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def end(self, stopped: bool = False) -> dict:
        if stopped:
            self.kill()
        _, status = os.waitpid(self.pid, 0)
        self.kill_group()
        os.close(self.pipe)
        if self.data:
            found = json.loads(self.data)
        elif stopped or (os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGPROF, signal.SIGKILL)):
            found = {"outcome": "noticed", "cause": "does not end: it took more than ten times as long, and was stopped", "endless": True}
        else:
            found = {"outcome": "noticed", "cause": "the process died"}
        return found | {"seconds": round(time.monotonic() - self.began, 2)}

    def kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


class Crowd:
    """At most `jobs` children at a time; their answers go to `report`."""

    def __init__(self, jobs: int, report):
        self.jobs, self.report, self.running = jobs, report, {}

    def add(self, number: int, work, seconds: float) -> None:
        self.wait(self.jobs - 1)
        child = Child(work, seconds)
        self.running[child.pipe] = number, child

    def wait(self, most: int) -> None:
        while len(self.running) > most:
            ready, _, _ = select.select(list(self.running), [], [], 1)
            for pipe in ready:
                number, child = self.running[pipe]
                part = os.read(pipe, 2**16)
                child.data += part
                if not part:
                    del self.running[pipe]
                    self.report({"mutant": number, **child.end()})
            for pipe, (number, child) in list(self.running.items()):
                if child.overdue():
                    del self.running[pipe]
                    self.report({"mutant": number, **child.end(stopped=True)})


def answered(work):
    """What `work` returns, computed in a forked child, through a file; RuntimeError where it raises."""
    with tempfile.NamedTemporaryFile() as file:
        pid = os.fork()
        if pid == 0:
            code = 0
            try:
                found = work()
            except BaseException as error:  # as above
                found, code = str(error) or type(error).__name__, 1
            with open(file.name, "wb") as answer:
                pickle.dump(found, answer)
            os._exit(code)
        _, status = os.waitpid(pid, 0)
        with open(file.name, "rb") as answer:
            found = pickle.load(answer) if os.path.getsize(file.name) else f"its process died ({status})"
    if status:
        raise RuntimeError(found)
    return found


def main() -> None:
    request = json.load(sys.stdin)
    out = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)

    def report(found: dict) -> None:
        os.write(out, json.dumps(found).encode() + b"\n")

    del os.environ["PYTHONPATH"]  # it was for this module alone
    settings = pathlib.Path(request["settings"])
    shell = Shell(settings / "ipython_kernel_config.py", settings / "startup.py")
    cells, mutants = request["cells"], request["mutants"]
    if request["offsets"]:
        crowd = Crowd(request["jobs"], report)
        for number, offset in enumerate(request["offsets"]):
            crowd.add(number, functools.partial(try_seeds, shell, cells, offset), request["seconds"])
        crowd.wait(0)
        return
    try:
        steps = answered(lambda: trace(shell, cells, report))
    except RuntimeError as error:
        report({"fault": str(error)})
        return
    report({"depends": [sorted(number + 1 for number in plan.speaks_to(steps, cell)) for cell in range(len(cells))]})
    by_cell: dict[int, list] = {}
    for number, (cell, source) in enumerate(mutants):
        by_cell.setdefault(cell, []).append((number, source))
    for name in os.listdir("."):  # what the trace left
        shutil.rmtree(name) if os.path.isdir(name) and not os.path.islink(name) else os.remove(name)
    unforeseen: list[int] = []
    crowd, start = Crowd(request["jobs"], lambda found: unforeseen.append(found["mutant"]) if found["outcome"] == "unforeseen" else report(found)), 0

    def try_whole() -> None:
        """Those that could not be foreseen, as long as the process is where they began."""
        crowd.wait(0)
        for number in unforeseen:
            cell, source = mutants[number]
            crowd.add(number, functools.partial(try_mutant, shell, cells, steps, start, cell, source, whole=True), sum(step.wall for step in steps[start:]))
        unforeseen.clear()

    for cell in range(max(by_cell, default=-1) + 1):
        if cell in by_cell:
            execute, _ = plan.needed(steps, start, plan.dependents(steps, cell))
            seconds = sum(steps[number].wall for number in execute)
            # What the forked process lacks is restored or executed as the names tell: a control says whether that is enough.
            whole = start < cell and not holds(lambda start=start, cell=cell: try_mutant(shell, cells, steps, start, cell, None), seconds)
            for number, source in by_cell[cell]:
                work = functools.partial(try_mutant, shell, cells, steps, start, cell, source, whole=whole)
                crowd.add(number, work, sum(step.wall for step in steps[start:]) if whole else seconds)
        # A cell that writes files is left to the children: what it makes may hold the path of its folder.
        if start == cell and steps[cell].forkable and "$files" not in steps[cell].changed:
            if cell in by_cell:
                try_whole()
            shell.run(cells[cell])
            start += 1
    try_whole()
    crowd.wait(0)


def holds(work, seconds: float) -> bool:
    """Whether what is executed unchanged passes."""
    found = []
    alone = Crowd(1, found.append)
    alone.add(0, work, seconds)
    alone.wait(0)
    return found[0]["outcome"] == "survived"


def try_seeds(shell: Shell, cells: list[str], offset: int) -> dict:
    """Execute the whole chapter with every seed another by `offset`; says which cells failed, going on after each."""
    seeds.shift(offset)
    failed = {}
    for number, source in enumerate(cells, start=1):
        error = shell.run(source)
        if error is not None:
            failed[number] = f"{type(error).__name__}: {error}".strip().splitlines()[0][:300]
    return {"offset": offset, "failed": failed}


if __name__ == "__main__":
    main()
