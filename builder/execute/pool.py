"""Execute chapters in parallel, each once, each alone in a folder of its own.

    python tests/execute.py [chapter ...]      what has no current execution is executed; the rest is left

A chapter's outputs go to `_build/executed/<chapter>.ipynb`, its times and its fault, if any, to the `.json` beside it.
"""

import signal
import sys

INTERRUPTED = "book: interrupted: run `make` again to go on; finished chapters are kept"
# Before the imports, which take a second: an interruption is no fault that needs a traceback.
sys.excepthook = lambda kind, *rest: print(INTERRUPTED, file=sys.stderr) if kind is KeyboardInterrupt else sys.__excepthook__(kind, *rest)
signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))

import argparse  # noqa: E402
import asyncio
import contextlib
import json
import math
import os
import pathlib
import re
import shutil
import tempfile
import time

import book

TIMEOUT = float(os.environ.get("BOOK_TIMEOUT", 900))  # seconds a chapter
# One thread a chapter: chapters run side by side, and sums in one order give one result.
ONE_THREAD = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
)  # fmt: skip


@contextlib.contextmanager
def sandbox(files: list[pathlib.Path]):
    """A folder that holds `notebooks/` (the working directory, empty) and links to `files` where they lie in the book."""
    scratch = book.BUILD / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    box = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    try:
        (box / "notebooks").mkdir()
        for path in files:
            link = box / path.relative_to(book.ROOT)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
        profile = box / "ipython" / "profile_default"
        (profile / "startup").mkdir(parents=True)
        shutil.copy(book.KERNEL / "ipython_kernel_config.py", profile)
        shutil.copy(book.KERNEL / "startup.py", profile / "startup")
        # Keras looks here before it downloads; it also writes its settings here, so the home is thrown away.
        (box / "keras" / "datasets").mkdir(parents=True)
        (box / "keras" / "datasets" / "fashion-mnist").symlink_to(book.ROOT / "data" / "fashion-mnist")
        yield box
    finally:
        shutil.rmtree(box, ignore_errors=True)


def environment(box: pathlib.Path) -> dict[str, str]:
    return {
        **os.environ,
        **dict.fromkeys(ONE_THREAD, "1"),
        "IPYTHONDIR": str(box / "ipython"),
        "KERAS_HOME": str(box / "keras"),
        "MATPLOTLIBRC": str(book.KERNEL / "matplotlibrc"),
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def peak_memory(pid: int) -> int | None:
    """Peak resident memory of a process in MiB, where the system tells (Linux)."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024
    except (OSError, TypeError):
        return None


def describe(error: Exception, number: int, source: str) -> dict:
    """What went wrong in code cell `number`: for the terminal and for the test report."""
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    plain = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    line = re.search(r"Cell In\[\d+\], line (\d+)", plain)
    if isinstance(error, CellExecutionError):
        cause = f"{error.ename}: {error.evalue}".strip().rstrip(":")
    elif isinstance(error, CellTimeoutError):
        cause = f"the chapter took longer than {TIMEOUT:.0f} s in all and was stopped in this cell"
    elif isinstance(error, DeadKernelError):
        cause = "the kernel died (out of memory, or killed)"
    else:
        cause = f"{type(error).__name__}: {plain}"
    number_of_line = int(line[1]) if line else None
    marked = [
        f"{'>' if i == number_of_line else ' '} {i:3}  {text}" for i, text in enumerate(source.splitlines(), start=1)
    ]
    return {"cell": number, "line": number_of_line, "cause": cause, "source": "\n".join(marked), "traceback": plain}


def run_chapter(chapter: str, files: list[pathlib.Path], report=lambda *_: None) -> tuple[dict, object]:
    """Execute one chapter in this process.

    Returns its record (times in seconds, memory in MiB, fault or None) and the notebook with its outputs.
    """
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient

    notebook = book.load(chapter)
    cells = book.code_cells(notebook)
    for cell in cells:
        cell.outputs, cell.execution_count = [], None
    # Taken before the first cell runs: what changes meanwhile makes this execution an old one.
    found = {"key": book.key(notebook), "depends": book.dependencies(notebook), "n_cells": len(cells)}
    found["visible"] = [str(path.relative_to(book.ROOT)) for path in files]
    seconds, peaks, error = [], [], None
    start = time.monotonic()
    with sandbox(files) as box:
        os.environ.update(environment(box))
        kernel = notebook.metadata.get("kernelspec", {}).get("name", "python3")
        client = NotebookClient(
            notebook, kernel_name=kernel, resources={"metadata": {"path": str(box / "notebooks")}},
            startup_timeout=120, shutdown_kernel="immediate", store_widget_state=False, record_timing=False,
            coalesce_streams=True,
        )  # fmt: skip
        try:
            with client.setup_kernel():
                pid = getattr(client.km.provisioner, "pid", None)
                for number, cell in enumerate(cells, start=1):
                    report(number, len(cells), pid)
                    client.timeout = max(1, int(TIMEOUT - (time.monotonic() - start)))
                    began = time.monotonic()
                    try:
                        client.execute_cell(cell, notebook.cells.index(cell))
                    except Exception as fault:  # every fault of a cell becomes part of the report
                        error = describe(fault, number, cell.source)
                        break
                    finally:
                        seconds.append(round(time.monotonic() - began, 3))
                        peaks.append(peak_memory(pid) if pid else None)
        except NoSuchKernel:
            error = {
                "cell": 0, "line": None, "source": "", "traceback": "",
                "cause": f"its kernel '{kernel}' is not installed: set the notebook's kernel to python3",
            }  # fmt: skip
    for cell in cells:
        cell.metadata.pop("execution", None)
    took = round(time.monotonic() - start, 2)
    found |= {"error": error, "seconds": took, "cell_seconds": seconds, "memory": (peaks or [None])[-1], "cell_memory": peaks}
    return found, notebook


def worker(chapter: str) -> None:
    """Execute one chapter and write its outputs and record; progress goes to standard output, a JSON list a line."""
    import nbformat

    # Killed by the parent, it still shuts its kernel down and clears its folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Threads that are woken wait their turn. Where they cut in, TensorFlow's iterators miss that they are to end, and sleep up to a second.
    with contextlib.suppress(AttributeError, OSError):  # Linux only
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))

    def report(*progress):
        print(json.dumps(progress), flush=True)

    keras = book.ROOT / "data" / "fashion-mnist"  # reaches the chapter through Keras's home, not as a file beside it
    files = [path for path in book.resources(book.load(chapter)) if keras not in path.parents]
    found, notebook = run_chapter(chapter, files, report)
    text = nbformat.writes(notebook) + "\n"
    found["sha256"] = book.digest(text)
    book.write_atomically(book.EXECUTED / f"{chapter}.ipynb", text)
    book.write_atomically(book.EXECUTED / f"{chapter}.json", json.dumps(found, indent=1) + "\n")


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


async def run_worker(chapter: str, progress: Progress, slots: asyncio.Semaphore) -> str | None:
    """Run one chapter in a process of its own; returns the fault as text, or None."""
    async with slots:
        process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, "--worker", chapter,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=2**24,
        )  # fmt: skip
        kernel = None
        stderr = asyncio.create_task(process.stderr.read())
        try:
            async with asyncio.timeout(TIMEOUT + 60):
                async for line in process.stdout:
                    number, of, kernel = json.loads(line)
                    progress.show(chapter, number, of)
                await process.wait()
        except TimeoutError:
            pass
        finally:
            if process.returncode is None:
                process.terminate()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), 10)
            if process.returncode != 0 and kernel:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(kernel, signal.SIGKILL)
            if process.returncode is None:
                process.kill()
        messages = (await stderr).decode(errors="replace").strip().splitlines()
    found = book.current(chapter) if process.returncode == 0 else None
    if found is None and process.returncode == 0:
        fault = f"{chapter}: its code, data or packages changed while it ran: run `make` again"
    elif found is None:
        fault = f"{chapter}: {messages[-1] if messages else 'its process ended without a result'}"
    elif found["error"]:
        fault = explain(chapter, found["error"])
    else:
        progress.end(chapter, f"{chapter}: {found['n_cells']} cells in {found['seconds']:.0f} s")
        return None
    progress.end(chapter, fault.splitlines()[0])
    return fault


def explain(chapter: str, error: dict) -> str:
    line = f", line {error['line']}" if error["line"] else ""
    return f"{chapter}, code cell {error['cell']}{line}: {error['cause'].splitlines()[0]}\n{error['source']}".rstrip()


def expected_seconds(chapter: str) -> float:
    """What the chapter took the last time here, else when `make bench` last ran; one that has never been timed may be the longest."""
    timed = book.record(chapter) or {"seconds": json.loads(book.DURATIONS.read_text(encoding="utf-8")).get(chapter, math.inf)}
    return timed["seconds"]


async def run_all(names: list[str], jobs: int) -> list[str]:
    progress, slots = Progress(), asyncio.Semaphore(jobs)
    tasks = [asyncio.create_task(run_worker(name, progress, slots)) for name in sorted(names, key=expected_seconds, reverse=True)]
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: [task.cancel() for task in tasks])
    try:
        return [fault for fault in await asyncio.gather(*tasks) if fault]
    except asyncio.CancelledError:
        # Pipes of a worker that was just starting outlive the loop and complain of it.
        sys.unraisablehook = lambda *_: None
        raise KeyboardInterrupt from None


def main(names: list[str], jobs: int) -> None:
    book.check_data()
    unknown = set(names) - set(book.chapters())
    if unknown:
        raise book.BookError(f"no chapter '{sorted(unknown)[0]}' in _toc.yml: the chapters are {', '.join(book.chapters())}")
    names = names or book.chapters()
    due = [name for name in names if (book.current(name) or {"error": True})["error"]]
    if not due:
        print(f"{len(names)} chapters: nothing to execute")
        return
    print(f"executing {len(due)} of {len(names)} chapters, {jobs} at a time", flush=True)
    faults = asyncio.run(run_all(due, jobs))
    if faults:
        print("\n" + "\n\n".join(faults) + "\n", file=sys.stderr)
        raise book.BookError(f"{len(faults)} of {len(due)} chapters failed: the site is left as it was")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    try:
        if arguments.worker:
            worker(*arguments.chapters)
        else:
            with book.alone():
                shutil.rmtree(book.BUILD / "scratch", ignore_errors=True)  # what a build that was killed left
                main(arguments.chapters, arguments.jobs)
    except book.BookError as error:
        sys.exit(f"book: {error}")
    except OSError as error:
        sys.exit(f"book: {error.strerror}: {error.filename or 'disk'}: free space or permissions, then run `make` again")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
