"""Does the book execute each time, whatever else the machine does? `make again N=20`.

Executes all chapters N times from an empty store, in random order, beside 0, 2 or 6 processes that keep a core busy each, and says what failed. Rounds of
the same chapters and builder are kept in `_build/again.json`, so that an interrupted run goes on; `python -m benchmarks.build again` puts them on the page of benchmarks.
"""

import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

from builder.chapters import chapters, load
from builder.compare import copy_of_the_book
from builder.execute.key import key
from builder.files import BUILD, digest, write_atomically

RESULTS = BUILD / "again.json"
COPY = BUILD / "again"
LOADS = (0, 2, 6)  # busy processes


@contextlib.contextmanager
def busy(n_processes: int):
    """Keep `n_processes` cores busy meanwhile."""
    processes = [subprocess.Popen([sys.executable, "-c", "import os\nwhile os.getppid() == %d: pass" % os.getpid()]) for _ in range(n_processes)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def book_key() -> str:
    """Digest of what is executed and how."""
    return digest(*(key(load(name)) for name in chapters()))


def one_round(number: int) -> dict:
    """Execute the whole book once in a copy: seconds, load, order and what was said of failures."""
    load_now, order = LOADS[number % len(LOADS)], random.Random(number).sample(chapters(), len(chapters()))
    shutil.rmtree(COPY, ignore_errors=True)
    copy_of_the_book(COPY)
    start = time.monotonic()
    with busy(load_now):
        command = [sys.executable, "-m", "builder", "execute", "--in-order", *order]
        result = subprocess.run(command, cwd=COPY, capture_output=True, text=True, check=False)
    shutil.rmtree(COPY, ignore_errors=True)
    return {"busy": load_now, "order": order, "seconds": round(time.monotonic() - start), "fault": result.stderr if result.returncode else None}


def known() -> list[dict]:
    """The rounds that the present book has behind it."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(RESULTS.read_text(encoding="utf-8"))
        if found["key"] == book_key():
            return found["rounds"]
    return []


def main(wanted: int) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what it started ends with it
    rounds = known()
    for number in itertools.count(len(rounds)):
        if number >= wanted:
            break
        found = one_round(number)
        rounds.append(found)
        write_atomically(RESULTS, json.dumps({"key": book_key(), "rounds": rounds}, indent=1) + "\n")
        print(f"{number + 1} of {wanted}: {found['seconds']} s beside {found['busy']} busy processes, {'failed' if found['fault'] else 'all chapters'}", flush=True)
    failed = [found for found in rounds if found["fault"]]
    for found in failed:
        print(f"\nbeside {found['busy']} busy processes, in the order {' '.join(found['order'])}:\n{found['fault']}")
    print(f"{len(rounds) - len(failed)} of {len(rounds)} builds from nothing executed every chapter")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 20)
