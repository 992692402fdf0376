"""How fast the build is, as ratios measured in one run on this machine: `make bench`.

The whole book cold (chapters in parallel, each executed once) against what plain `jupyter-book build` needs for the same
chapters; an unchanged rebuild; a rebuild after one chapter's code changed. Then the numpy network against PyTorch and Keras.
It writes the page `book/benchmarks.md`, and the chapters' seconds, by which a first build puts the longest chapter first.
`python -m benchmarks.build network` measures that part alone; the others stay on the page, with their dates. The part `again` tells
of the rounds that `make again` has run.
"""

import datetime
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile

import yaml

from benchmarks import again
from builder.chapters import chapters
from builder.compare import build, copy_of_the_book, seconds
from builder.execute.key import versions as versions_of
from builder.execute.pool import DURATIONS
from builder.files import ROOT, write_atomically

RESULT = ROOT / "book" / "benchmarks.md"
BIN = pathlib.Path(sys.executable).parent
PAGE = """# Benchmarks

Written by `make bench`. Seconds depend on the machine and on what else it does; ratios were measured side by side in one run.

```{{head}}
the whole book from nothing | seconds | seconds, the whole book from nothing
nothing changed | seconds | seconds where nothing changed
PyTorch, default | fast numpy / it | of PyTorch’s time, the numpy network on one thread
```

{parts}
"""
BUILD_PART = """## The build

Measured on {date}: {machine}, {cores} cores, Python {python}, {versions}. {chapters} chapters.

{build}
"""
AGAIN_PART = """## Built from nothing, again and again

All chapters, each time from an empty store and in random order, beside processes that keep a core busy each (`make again`, {date}, {cores}
cores): **{complete} of {rounds} builds executed every chapter**.

| busy processes beside | builds | complete | seconds, median |
|---:|---:|---:|---:|
{rows}
"""
NETWORK_PART = """## A network in numpy beside PyTorch and Keras

From [the chapter on the numpy network](../notebooks/numpy_cnn.ipynb): its own code, interleaved with the others. The targets at the end
were set before the first measurement; one that is not met stays on the page. Measured on {date}: {network}
"""


def plain(root: pathlib.Path) -> float:
    """Jupyter Book's own execution, one chapter after the other, without this book's extensions."""
    config = {"title": "plain", "only_build_toc_files": True, "execute": {"execute_notebooks": "force", "timeout": 900}}
    (root / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    toc = {"format": "jb-book", "root": "plain", "chapters": [{"file": f"notebooks/{name}"} for name in chapters()]}
    (root / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    (root / "plain.md").write_text("# Plain\n", encoding="utf-8")
    home = root / "keras" / "datasets"
    home.mkdir(parents=True)
    (home / "fashion-mnist").symlink_to(root / "data" / "fashion-mnist")
    return seconds(str(BIN / "jupyter-book"), "build", ".", cwd=root, KERAS_HOME=str(root / "keras"), TF_CPP_MIN_LOG_LEVEL="3")


def edit_code(root: pathlib.Path, chapter: str) -> None:
    path = root / "notebooks" / f"{chapter}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    cell["source"] = [*cell["source"], "\nedited = True"] if isinstance(cell["source"], list) else cell["source"] + "\nedited = True"
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def build_times() -> dict:
    with tempfile.TemporaryDirectory() as scratch:
        root = copy_of_the_book(pathlib.Path(scratch, "ours"))
        other = copy_of_the_book(pathlib.Path(scratch, "plain"))
        executing, rendering = build(root)
        records = {name: json.loads((root / "_build" / "executed" / f"{name}.json").read_text()) for name in chapters()}
        unchanged = min(sum(build(root)) for _ in range(3))
        chapter = chapters()[0]
        edit_code(root, chapter)
        edited = sum(build(root))
        alone = json.loads((root / "_build" / "executed" / f"{chapter}.json").read_text())["seconds"]
        durations = {name: round(record["seconds"]) for name, record in records.items()}
        write_atomically(DURATIONS, json.dumps(durations, indent=1) + "\n")
        return {
            "executing": executing, "rendering": rendering, "plain": plain(other), "unchanged": unchanged, "edited": edited,
            "edited_chapter": chapter, "chapter_alone": alone, "chapters": len(records), "memory": sum(sorted(r["memory"] or 0 for r in records.values())[-2:]),
        }  # fmt: skip


def table(times: dict) -> str:
    cold, plainly = times["executing"] + times["rendering"], times["plain"]
    rows = [
        ("the whole book from nothing", cold, f"{cold / plainly:.2f} of the plain build"),
        ("of this, executing the chapters", times["executing"], f"{times['executing'] / plainly:.2f}"),
        ("the same by plain `jupyter-book build`, one chapter after the other", plainly, "1"),
        ("nothing changed", times["unchanged"], f"1/{cold / times['unchanged']:.0f} of the build from nothing"),
        (f"the code of one chapter changed ({times['edited_chapter']})", times["edited"], f"that chapter + {times['edited'] - times['chapter_alone']:.0f} s"),
    ]
    lines = [f"| {what} | {value:.1f} | {ratio} |" for what, value, ratio in rows]
    memory = f"The two hungriest chapters together hold {times['memory'] / 1024:.1f} GiB at their peaks."
    return "| build | seconds | ratio |\n|:---|---:|:---|\n" + "\n".join(lines) + f"\n\n{memory}"


def build_part() -> str:
    times = build_times()
    versions = ", ".join(f"{name} {versions_of([name])[name]}" for name in ("jupyter-book", "numpy", "torch", "keras"))
    return BUILD_PART.format(
        date=datetime.date.today().isoformat(), cores=os.cpu_count(), machine=platform.machine(), python=platform.python_version(),
        versions=versions, chapters=times["chapters"], build=table(times),
    )  # fmt: skip


def network_part() -> str:
    with tempfile.TemporaryDirectory() as scratch:
        # The settings that keep old BLAS builds from crashing make a current one slow.
        environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
        command = [sys.executable, "benchmarks/numpy_cnn.py", str(pathlib.Path(scratch, "cnn.json"))]
        network = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    return NETWORK_PART.format(date=datetime.date.today().isoformat(), network=network.strip())


def again_part() -> str:
    rounds = again.known()
    if not rounds:
        sys.exit("book: no build of these chapters was repeated yet: run `make again`")
    rows = []
    for load in again.LOADS:
        found = [one for one in rounds if one["busy"] == load]
        if found:
            complete, middle = sum(not one["fault"] for one in found), statistics.median(one["seconds"] for one in found)
            rows.append(f"| {load} | {len(found)} | {complete} | {middle:.0f} |")
    complete = sum(not one["fault"] for one in rounds)
    return AGAIN_PART.format(date=datetime.date.today().isoformat(), cores=os.cpu_count(), complete=complete, rounds=len(rounds), rows="\n".join(rows))


PARTS = {"build": build_part, "again": again_part, "network": network_part}
HEADINGS = {form.partition("\n")[0]: name for name, form in zip(PARTS, (BUILD_PART, AGAIN_PART, NETWORK_PART), strict=True)}
MEASURED_BY_DEFAULT = ("build", "network")


def main(names: list[str]) -> None:
    """Measure the named parts, and put each into its place on the page."""
    if unknown := set(names) - set(PARTS):
        sys.exit(f"book: no part '{sorted(unknown)[0]}': the parts are {', '.join(PARTS)}")
    kept = re.split(r"^(?=## )", RESULT.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    parts = {HEADINGS[part.partition("\n")[0]]: part for part in kept}
    for name in names or MEASURED_BY_DEFAULT:
        parts[name] = PARTS[name]()
        write_atomically(RESULT, PAGE.format(parts="\n".join(parts[part].strip() + "\n" for part in PARTS if part in parts).strip()))
        print(parts[name])


if __name__ == "__main__":
    main(sys.argv[1:])
