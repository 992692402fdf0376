"""The process that tries claims' cuts, and changes of them: `python -m builder.live.trial`. Its standard input is a line of modules to import, then a request a line;
each is answered by a line on standard output, from a forked child that has executed nothing before, and each change in a child of that.

A request: `cells` (label and source each; the last is the claim's own), `last`: sources that the last cell may become, `others`: whole lists of cells to try
instead, `enough`: how many of them have to fail by an assertion, `seconds`: how long the cells may take. The answer: what the last cell `printed`, the `fault`, the `seconds`,
what of the machine was `touched`, the `modules` that were imported on the way, and the `tried` changes with their faults.
"""

import builtins
import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import time

from .harness import run, session

OUTSIDE = {"socket.connect": "network", "socket.getaddrinfo": "network", "subprocess.Popen": "process", "os.system": "process", "os.posix_spawn": "process", "os.fork": "process"}
touched: set[str] = set()
asked: set[str] = set()  # modules
watching = False


def watch(event: str, arguments: tuple) -> None:
    """Note what of the machine the cells use: files beside Python's own, the network, programs."""
    if not watching:
        return
    if event == "open" and isinstance(arguments[0], str | bytes):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        own = (sys.prefix, sys.base_prefix, "/usr/", "/etc/", "/proc/", "/dev/", "/sys/", os.environ.get("MPLCONFIGDIR", "/usr/"))
        if not path.startswith(tuple(map(os.path.realpath, own))):
            touched.add("file")
    elif event in OUTSIDE:
        touched.add(OUTSIDE[event])


def noting(load):
    """`__import__` that notes what the cells, and libraries on their behalf, ask for."""

    def imported(name, globals=None, locals=None, fromlist=(), level=0):
        if watching and not level:
            asked.add(name.partition(".")[0])
        return load(name, globals, locals, fromlist, level)

    return imported


def executed(cells: list, names: dict | None = None) -> dict:
    """What the last cell printed, the fault if there is one, and the seconds of one core."""
    global watching
    printed, began, last = [], time.process_time(), cells[-1][0]
    watching = True
    fault = run(cells, lambda label, text: printed.append(text) if label == last else None, names)
    watching = False
    return {"printed": "".join(printed), "fault": fault, "seconds": time.process_time() - began, "touched": sorted(touched), "modules": sorted(asked)}


def in_child(work, seconds: float) -> dict:
    """What `work` gives, in a forked child that may take so many seconds of one core."""
    pipe, there = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + seconds) + 1,) * 2)
            answer = json.dumps(work()).encode()
            while answer:
                answer = answer[os.write(there, answer) :]
        finally:
            os._exit(0)
    os.close(there)
    with open(pipe, "rb") as file:
        answer = file.read()
    os.waitpid(pid, 0)
    return json.loads(answer) if answer else {"printed": "", "fault": {"type": "Endless", "message": "", "places": []}, "seconds": seconds, "touched": [], "modules": []}


def tried(request: dict) -> dict:
    """The answer to one request."""
    cells, found, failing = request["cells"], [], 0
    signal.alarm(20 * request["seconds"])  # a process that waits takes no time of a core

    def count(one: dict, **which) -> None:
        nonlocal failing
        failing += bool(one["fault"] and one["fault"]["type"] == "AssertionError")
        found.append({"fault": one["fault"], **which})

    # What the claim depends on is executed once, its own cell in children; what does not end is ended by the system.
    names, before = session(), {"fault": None, "seconds": 0.0}
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + request["seconds"]) + 1, resource.RLIM_INFINITY))
    if cells[:-1]:
        before = executed(cells[:-1], names)
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    if before["fault"]:
        return before | {"printed": "", "tried": []}
    base = in_child(lambda: executed(cells[-1:], names), request["seconds"])
    limit, whole = 3 * base["seconds"] + 2, 3 * (base["seconds"] + before["seconds"]) + 2
    base["seconds"] += before["seconds"]
    if not base["fault"]:
        for number, source in enumerate(request["last"]):
            if failing < request["enough"]:
                count(in_child(lambda source=source: executed([[cells[-1][0], source]], names), limit), last=number)
        for number, others in enumerate(request["others"]):
            if failing < request["enough"]:
                count(in_child(lambda others=others: executed(others, session()), whole), others=number)
    return base | {"tried": found}


def main() -> None:
    out = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    for module in json.loads(requests.readline()):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    builtins.__import__ = noting(builtins.__import__)
    sys.addaudithook(watch)
    for line in requests:
        pid = os.fork()
        if pid == 0:
            os.write(out, json.dumps(tried(json.loads(line))).encode() + b"\n")
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if status:
            os.write(out, json.dumps({"died": os.waitstatus_to_exitcode(status)}).encode() + b"\n")


if __name__ == "__main__":
    main()
