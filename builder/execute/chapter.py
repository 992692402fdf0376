"""Execute one chapter in a folder and an environment of its own.

Run as a program it is the worker of `pool.py`: `python -m builder.execute.chapter CHAPTER FOLDER PROGRESS PARENT`. It leaves `outputs.ipynb` and
`record.json` in FOLDER, writes its progress, a JSON list a line, to the descriptor PROGRESS, and ends when the other end of PARENT closes.
"""

import contextlib
import ctypes
import errno
import json
import os
import pathlib
import re
import signal
import sys
import tempfile
import time

import psutil
import zmq

from ..chapters import code_cells, load, option
from ..files import ROOT, BookError, end_with, write_atomically
from .kernel import environment, sandbox
from .key import dependencies, key, resources

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
MOST_PRINTED = 100_000  # characters a cell; nbclient takes seconds to join as many of one line
TIMEOUT = float(os.environ.get("BOOK_TIMEOUT", 900))  # seconds a chapter


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
    line, plain = re.search(r"Cell In\[\d+\], line (\d+)", plain), plain[-MOST_PRINTED:]
    if isinstance(error, CellExecutionError):
        cause = f"{' '.join(error.ename.split())}: {error.evalue}".strip().rstrip(":")
        if error.ename == "StdinNotImplementedError":
            cause = "it asks for input, and nobody is there to answer: write the value down"
    elif isinstance(error, CellTimeoutError):
        cause = f"the chapter took longer than {TIMEOUT:.0f} s in all and was stopped in this cell"
    elif isinstance(error, BookError):
        cause = str(error)
    elif isinstance(error, DeadKernelError):
        cause = "the kernel died (out of memory, or killed)"
    else:
        cause = f"{type(error).__name__}: {plain}"
    cause = re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]+", " ", cause[:2000])  # a terminal would obey some of them
    number_of_line = int(line[1]) if line else None
    marked = [
        f"{'>' if i == number_of_line else ' '} {i:3}  {text}" for i, text in enumerate(source.splitlines(), start=1)
    ]
    return {"cell": number, "line": number_of_line, "cause": cause, "source": "\n".join(marked), "traceback": plain}


@contextlib.contextmanager
def all_ends_here():
    """What is started within ends with it; on Linux also a daemon, which leaves its session and its parent."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    me = psutil.Process()
    before = set(me.children(recursive=True))
    try:
        yield
    finally:
        while left := [child for child in set(me.children(recursive=True)) - before if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]:
            for child in left:
                with contextlib.suppress(psutil.Error):
                    child.kill()
            psutil.wait_procs(left, timeout=1)


def own_kernel(name: str, python: str | os.PathLike, sockets: str):
    """A manager for the notebook's kernel: `python3` is that of `python`, whatever else calls itself so on this machine.

    It talks to it through files in the folder `sockets`. Of free ports, which jupyter_client would choose, two kernels that start at the same time can
    be given the same. And it drops nothing of what a cell prints faster than it is read here (nor does the kernel: see its configuration).
    """
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class OurOwn(KernelSpecManager):
        def get_kernel_spec(self, kernel_name):
            if kernel_name != "python3":
                return super().get_kernel_spec(kernel_name)
            return KernelSpec(argv=[str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"], display_name="Python 3", language="python")

    manager = AsyncKernelManager(kernel_name=name, kernel_spec_manager=OurOwn(), transport="ipc", ip=f"{sockets}/kernel")
    manager.context.rcvhwm = 0  # of its sockets
    return manager


def run_chapter(
    chapter: str, files: list[pathlib.Path], report=lambda *_: None, python: str | os.PathLike = sys.executable, **variables: str
) -> tuple[dict, object]:  # fmt: skip
    """Execute one chapter with this `python`, with `files` of the book beside it and further environment `variables`.

    Returns its record (times in seconds, memory in MiB, fault or None) and the notebook with its outputs.
    """
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient import NotebookClient

    class Client(NotebookClient):
        """Takes so much of what a cell prints, then ends its kernel: an interrupt may come when the cell has ended, and take with it the answer that is waited for."""

        printed = 0

        def output(self, outs, msg, *rest):
            before, self.printed = self.printed, self.printed + len(msg["content"].get("text") or msg["content"].get("data", {}).get("text/plain", ""))
            if self.printed <= MOST_PRINTED:
                return super().output(outs, msg, *rest)
            if before <= MOST_PRINTED and pid:
                os.kill(pid, signal.SIGKILL)
            return None

    notebook = load(chapter)
    cells = code_cells(notebook)
    for cell in cells:
        cell.outputs, cell.execution_count = [], None
    # Taken before the first cell runs: what changes meanwhile makes this execution an old one.
    found = {"key": key(notebook), "depends": dependencies(notebook), "n_cells": len(cells)}
    found["visible"] = [str(path.relative_to(ROOT)) for path in files]
    seconds, peaks, error = [], [], None
    start = time.monotonic()
    # The path of a socket has some hundred letters at most, so it lies outside the book.
    with all_ends_here(), sandbox(files) as box, tempfile.TemporaryDirectory(prefix="book-", dir="/tmp" if len(tempfile.gettempdir()) > 60 else None) as sockets:
        kernel = found["depends"]["kernel"]
        # A busy machine brings a cell's last output late: it is waited for, where nbclient would go on without it after four seconds.
        client = Client(
            notebook, km=own_kernel(kernel, python, sockets), resources={"metadata": {"path": str(box / "notebooks")}},
            startup_timeout=120, iopub_timeout=300, raise_on_iopub_timeout=True, shutdown_kernel="immediate", store_widget_state=False, record_timing=False,
            coalesce_streams=True,
        )  # fmt: skip
        try:
            # What is written past IPython, to the kernel's own descriptors, does not belong to any cell.
            with client.setup_kernel(cleanup_kc=True, env=environment(box, python) | variables, stdout=DROPPED, stderr=DROPPED):
                pid = getattr(client.km.provisioner, "pid", None)
                for number, cell in enumerate(cells, start=1):
                    report(number, len(cells), pid)
                    client.printed = 0
                    client.timeout = max(1, int(TIMEOUT - (time.monotonic() - start)))
                    began = time.monotonic()
                    try:
                        try:
                            client.execute_cell(cell, notebook.cells.index(cell))
                        finally:
                            if client.printed > MOST_PRINTED:
                                raise BookError(f"it prints more than {MOST_PRINTED:,} characters: print less")
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


def files_beside(chapter: str) -> list[pathlib.Path]:
    """The files that the chapter finds where they lie in the book: those that it names, but for those that reach it by a link of `_config.yml`."""
    linked = [ROOT / source for source in option("links", {}).values()]
    return [path for path in resources(load(chapter)) if not any(folder in path.parents for folder in linked)]


def worker(chapter: str, folder: pathlib.Path, progress: int) -> None:
    """Execute one chapter; leave outputs and record in `folder`."""
    import nbformat

    # Threads that are woken wait their turn. Where they cut in, TensorFlow's iterators miss that they are to end, and sleep up to a second.
    with contextlib.suppress(AttributeError, OSError):  # Linux only
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))

    def report(*values):
        with contextlib.suppress(OSError):
            os.write(progress, json.dumps(values).encode() + b"\n")

    found, notebook = run_chapter(chapter, files_beside(chapter), report)
    write_atomically(folder / "outputs.ipynb", nbformat.writes(notebook) + "\n")
    write_atomically(folder / "record.json", json.dumps(found))


def stop(*_) -> None:
    """Leave as an exception does: the kernel is shut down and the scratch folder cleared on the way."""
    raise SystemExit(143)


DROPPED = os.open(os.devnull, os.O_WRONLY)

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, stop)
    # The parent is gone, perhaps killed: the same way out, through the main thread.
    end_with(int(sys.argv[4]), lambda: os.kill(os.getpid(), signal.SIGTERM))
    try:
        worker(sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]))
    except BookError as error:
        sys.exit(str(error))
    except (OSError, zmq.ZMQError) as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            sys.exit(f"{error.strerror}: allow more with `ulimit -n 1024`, then run `make` again")
        sys.exit(f"{error.strerror}: {getattr(error, 'filename', None) or 'disk'}: free space or permissions, then run `make` again")
