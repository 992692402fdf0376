"""The process that tries a claim's cut, and changes of it, in a fresh CPython: `python -P -m builder.live.trial`, a request on standard input, the answer on standard output.

The answer has the `modules` that the cells and what they use imported, besides what is printed and fails. The request: `cells` (label and source each; the last is the claim's own), `last`: sources that the last cell may become, `others`: whole lists of cells to try
instead, `enough`: how many of them have to fail by an assertion. Each change is executed in a forked child, so that none sees another's.
"""

import ast
import json
import os
import resource
import signal
import sys
import time

from .harness import run, session

OUTSIDE = {"socket.connect": "network", "socket.getaddrinfo": "network", "subprocess.Popen": "process", "os.system": "process", "os.posix_spawn": "process", "os.fork": "process"}
touched: set[str] = set()
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


def executed(cells: list, names: dict | None = None) -> dict:
    """What the last cell printed, the fault if there is one, and the seconds of one core."""
    global watching
    printed, began, last = [], time.process_time(), cells[-1][0]
    watching = True
    fault = run(cells, lambda label, text: printed.append(text) if label == last else None, names)
    watching = False
    return {"printed": "".join(printed), "fault": fault, "seconds": time.process_time() - began, "touched": sorted(touched), "modules": sorted({name.partition(".")[0] for name in sys.modules})}


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


def main() -> None:
    request = json.load(sys.stdin)
    out = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    signal.alarm(20 * request["seconds"])  # a process that waits takes no time of a core
    sys.addaudithook(watch)
    cells = request["cells"]
    for _, source in cells:  # each child would import them again
        for node in ast.parse(source).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                exec(compile(ast.Module([node], []), "<imports>", "exec"), {})
    tried, failing = [], 0

    def count(found: dict, **which) -> None:
        nonlocal failing
        fault = found["fault"]
        failing += bool(fault and fault["type"] == "AssertionError")
        tried.append({"fault": fault, "printed": found["printed"], **which})

    # What the claim depends on is executed once, its own cell in children; what does not end is ended by the system.
    names, before = session(), {"fault": None, "seconds": 0.0}
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time() + request["seconds"]) + 1, resource.RLIM_INFINITY))
    if cells[:-1]:
        before = executed(cells[:-1], names)
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    base = before | {"printed": ""} if before["fault"] else in_child(lambda: executed(cells[-1:], names), request["seconds"])
    limit = 3 * base["seconds"] + 2
    if not before["fault"]:
        base["seconds"] += before["seconds"]
    if not base["fault"]:
        for number, source in enumerate(request["last"]):
            if failing < request["enough"]:
                count(in_child(lambda source=source: executed([[cells[-1][0], source]], names), limit), last=number)
    if not base["fault"]:
        for number, others in enumerate(request["others"]):
            if failing < request["enough"]:
                count(in_child(lambda others=others: executed(others, session()), 3 * base["seconds"] + 2), others=number)
    os.write(out, json.dumps({**base, "tried": tried}).encode())


if __name__ == "__main__":
    main()
