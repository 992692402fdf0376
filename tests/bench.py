"""How fast the build is, as ratios measured in one run on this machine: `make bench`.

The whole book cold (chapters in parallel, each executed once) against what plain `jupyter-book build` needs for the same
chapters; an unchanged rebuild; a rebuild after one chapter's code changed. Then the numpy network against PyTorch and Keras.
It writes the page `book/benchmarks.md`.
"""

import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import time

import book
import yaml

RESULT = book.ROOT / "book" / "benchmarks.md"
BIN = pathlib.Path(sys.executable).parent
PAGE = """# Benchmarks

Written by `make bench` on {date}: {machine}, {cores} cores, Python {python}, {versions}. Seconds depend on the machine and on what
else it does; ratios were measured side by side in one run.

## The build

{chapters} chapters.

{build}

## A network in numpy beside PyTorch and Keras

From [the chapter on the numpy network](../notebooks/numpy_cnn.ipynb): its own code, interleaved with the others.

{network}
"""


def copy_of_the_book(folder: pathlib.Path) -> pathlib.Path:
    for name in subprocess.run(["git", "-C", book.ROOT, "ls-files"], capture_output=True, text=True, check=True).stdout.splitlines():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(book.ROOT / name, folder / name)
    return folder


def seconds(*command, cwd: pathlib.Path, **environment) -> float:
    start = time.monotonic()
    result = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"book: the benchmark's build failed: {(result.stdout + result.stderr)[-3000:]}")
    return time.monotonic() - start


def ours(root: pathlib.Path) -> float:
    return seconds(sys.executable, "tests/execute.py", cwd=root) + seconds(sys.executable, "tests/render.py", cwd=root)


def plain(root: pathlib.Path) -> float:
    """Jupyter Book's own execution, one chapter after the other, without this book's extensions."""
    config = {"title": "plain", "only_build_toc_files": True, "execute": {"execute_notebooks": "force", "timeout": 900}}
    (root / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    toc = {"format": "jb-book", "root": "plain", "chapters": [{"file": f"notebooks/{name}"} for name in book.chapters()]}
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
        cold = ours(root)
        unchanged = min(ours(root) for _ in range(3))
        chapter = book.chapters()[0]
        alone = json.loads((root / "_build" / "executed" / f"{chapter}.json").read_text())["seconds"]
        edit_code(root, chapter)
        edited = ours(root)
        return {
            "cold": cold, "plain": plain(other), "unchanged": unchanged, "edited": edited, "edited_chapter": chapter, "chapter_alone": alone,
            "chapters": len(book.chapters()),
        }  # fmt: skip


def table(times: dict) -> str:
    cold = times["cold"]
    rows = [
        ("the whole book, cold", cold, f"{cold / times['plain']:.2f} of plain `jupyter-book build`"),
        ("the same by plain `jupyter-book build`", times["plain"], "1"),
        ("nothing changed", times["unchanged"], f"1/{cold / times['unchanged']:.0f} of the cold build"),
        (f"one chapter's code changed ({times['edited_chapter']})", times["edited"], f"that chapter + {times['edited'] - times['chapter_alone']:.0f} s"),
    ]
    lines = [f"| {what} | {value:.1f} | {ratio} |" for what, value, ratio in rows]
    return "| build | seconds | ratio |\n|:---|---:|:---|\n" + "\n".join(lines)


def main() -> None:
    times = build_times()
    with tempfile.TemporaryDirectory() as scratch:
        # The settings that keep old BLAS builds from crashing make a current one slow.
        environment = {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")}
        command = [sys.executable, "tests/bench_numpy_cnn.py", str(pathlib.Path(scratch, "cnn.json"))]
        network = subprocess.run(command, cwd=book.ROOT, env=environment, capture_output=True, text=True, check=True).stdout
    versions = ", ".join(f"{name} {book.versions([name])[name]}" for name in ("jupyter-book", "numpy", "torch", "keras"))
    text = PAGE.format(
        date=datetime.date.today().isoformat(), cores=os.cpu_count(), machine=platform.machine(), python=platform.python_version(),
        versions=versions, chapters=times["chapters"], build=table(times), network=network.strip(),
    )  # fmt: skip
    book.write_atomically(RESULT, text)
    print(text)


if __name__ == "__main__":
    main()
