"""Execute what has no current execution: several chapters at a time, each in a process of its own that cannot outlive this one."""

import asyncio
import contextlib
import json
import math
import os
import pathlib
import shutil
import signal
import site
import sys
import tempfile
import time

from ..chapters import chapters, check_names
from ..files import BUILD, ROOT, BookError
from .chapter import TIMEOUT
from .store import EXECUTED, current, keep, record

# Seconds of each chapter when `make bench` last ran.
DURATIONS = ROOT / "benchmarks" / "durations.json"
INTERRUPTED = "interrupted: run `make` again to go on; finished chapters are kept"


class Progress:
    """What is running: a line that is rewritten on a terminal, a line every ten seconds elsewhere."""

    def __init__(self):
        self.start, self.last, self.running = time.monotonic(), 0.0, {}

    def show(self, chapter: str, cell: int, of: int) -> None:
        self.running[chapter] = f"{chapter} cell {cell} of {of}"
        now = time.monotonic()
        if sys.stdout.isatty():
            print(f"\r\033[K{now - self.start:5.0f} s  " + " · ".join(self.running.values()), end="", flush=True)
        elif now - self.last > 10:
            self.last = now
            print(f"{now - self.start:5.0f} s  " + " · ".join(self.running.values()), flush=True)

    def end(self, chapter: str, text: str) -> None:
        self.running.pop(chapter, None)
        print(("\r\033[K" if sys.stdout.isatty() else "") + f"{time.monotonic() - self.start:5.0f} s  {text}", flush=True)


def installed() -> set[str]:
    """The distributions of this Python, `name-version.dist-info`."""
    return {path.name for folder in site.getsitepackages() for path in pathlib.Path(folder).glob("*.dist-info")}


async def run_worker(chapter: str, progress: Progress, slots: asyncio.Semaphore) -> str | None:
    """Run one chapter in a process of its own; returns the fault as text, or None."""
    async with slots:
        before = installed()
        with tempfile.TemporaryDirectory(dir=BUILD / "scratch", ignore_cleanup_errors=True) as folder:
            code, messages = await work(chapter, folder, progress)
            changed = sorted(name.removesuffix(".dist-info") for name in before ^ installed())
            if code == 0 and not changed:
                keep(chapter, pathlib.Path(folder))
    found = current(chapter) if code == 0 else None
    if changed:
        fault = f"{chapter}: while it ran, this Python's packages changed ({', '.join(changed[:3])}): list what a chapter needs in requirements.txt, and install nothing in it; if another `make` installed it meanwhile, run `make` again"
    elif found is None and code == 0:
        fault = f"{chapter}: its code, data or packages changed while it ran: run `make` again"
    elif found is None:
        fault = f"{chapter}: {messages[-1]}"
    elif found["error"]:
        fault = explain(chapter, found["error"])
    else:
        progress.end(chapter, f"{chapter}: {found['n_cells']} cells in {found['seconds']:.0f} s")
        return None
    progress.end(chapter, fault.splitlines()[0])
    return fault


async def work(chapter: str, folder: str, progress: Progress) -> tuple[int, list[str]]:
    """The worker's exit code and what it said, after it left its result in `folder`."""
    told, tell = os.pipe()  # the worker's progress
    number = 0
    lives, life = os.pipe()  # closes when this process ends
    kernel, late = None, False
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "builder.execute.chapter", chapter, folder, str(tell), str(lives), cwd=ROOT, pass_fds=(tell, lives),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
    finally:
        os.close(tell)
        os.close(lives)
    stderr = asyncio.create_task(process.stderr.read())
    reader = asyncio.StreamReader()
    with open(told, "rb") as pipe:
        try:
            await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
            async with asyncio.timeout(TIMEOUT + 60):
                async for line in reader:
                    number, of, kernel = json.loads(line)
                    progress.show(chapter, number, of)
                await process.wait()
        except TimeoutError:
            late = True
        finally:
            os.close(life)
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), 10)
            if kernel:  # with what its cells started and left
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(kernel, signal.SIGKILL)
            if process.returncode is None:
                process.kill()
                await process.wait()
    said = (await stderr).decode(errors="replace").strip().splitlines()
    return process.returncode, said or [without_result(process.returncode, number, late=late)]


def without_result(code: int, number: int, *, late: bool) -> str:
    """What is known of a worker that ended in this code cell and says nothing of it, and what to do."""
    where = f"in code cell {number}" if number else "before its first cell"
    if late:
        return f"it was stopped {where}, {TIMEOUT + 60:.0f} s after it began: look what it waits for there, or give it longer, `BOOK_TIMEOUT=3600 make`"
    how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
    return f"its process {how} {where}: by that cell, by someone else, or by the system, which lacked memory: run `make` again; where it ends there once more, look at the cell, or run `make JOBS=1`"


def explain(chapter: str, error: dict) -> str:
    """Where the chapter failed and why, in one line, and the cell. A message that begins with an empty line, as numpy's do, is told by its next three."""
    line = f", line {error['line']}" if error["line"] else ""
    first, *rest = [said.strip() for said in error["cause"].splitlines() if said.strip()]
    cause = f"{first} {'; '.join(rest[:3])}" if first.endswith(":") and rest else first
    return f"{chapter}, code cell {error['cell']}{line}: {cause}\n{error['source']}".rstrip()


def expected_seconds(chapter: str) -> float:
    """What the chapter took the last time here, else when `make bench` last ran; one that has never been timed may be the longest."""
    timed = json.loads(DURATIONS.read_text(encoding="utf-8")) if DURATIONS.is_file() else {}
    return (record(chapter) or {"seconds": timed.get(chapter, math.inf)})["seconds"]


async def run_all(names: list[str], jobs: int) -> list[str]:
    """Run the chapters, `jobs` at a time, in this order; returns their faults. SIGINT, unless it is ignored, and SIGTERM stop all of them."""
    progress, slots = Progress(), asyncio.Semaphore(jobs)
    tasks = [asyncio.create_task(run_worker(name, progress, slots)) for name in names]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, lambda: [task.cancel() for task in tasks])
    try:
        return [fault for fault in await asyncio.gather(*tasks) if fault]
    except asyncio.CancelledError:
        # Pipes of a worker that was just starting outlive the loop and complain of it.
        sys.unraisablehook = lambda *_: None
        raise KeyboardInterrupt from None


def execute(names: list[str], jobs: int, *, in_order: bool = False) -> None:
    """Execute those of the named chapters (all where none is named) that have no current execution; the longest begins first, unless they are to be `in_order`."""
    check_names(names)
    if not names:
        for path in EXECUTED.glob("*.*"):
            if path.stem not in chapters():  # its notebook was deleted or renamed
                path.unlink()
    names = names or chapters()
    scratch = BUILD / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)  # what a build that was killed left
    scratch.mkdir(parents=True)
    due = [name for name in names if (current(name) or {"error": True})["error"]]
    if not due:
        print(f"{len(names)} chapter{'s' * (len(names) > 1)}: nothing to execute")
        return
    print(f"executing {len(due)} of {len(names)} chapters, {jobs} at a time", flush=True)
    faults = asyncio.run(run_all(due if in_order else sorted(due, key=expected_seconds, reverse=True), jobs))
    if faults:
        print("\n" + "\n\n".join(faults) + "\n", file=sys.stderr)
        raise BookError(f"{len(faults)} of {len(due)} chapters failed: the site is left as it was")
