"""All that the instrument takes from the rest of the builder: a notebook's cells, its claims, and where it is executed."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import tempfile

ONE_THREAD = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
)  # fmt: skip


def load(path: pathlib.Path) -> dict:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def code_cells(notebook: dict) -> list[dict]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and cell["source"].strip()]


def claims(notebook: dict) -> dict[int, int]:
    """Number of each claim, by the number (from 1) of its code cell."""
    cells, found, number = notebook["cells"], {}, 0
    positions = {id(cell): i for i, cell in enumerate(code_cells(notebook), start=1)}
    for cell, following in zip(cells, cells[1:]):
        match = re.match(r"\*\*Claim (\d+)\.\*\*", cell["source"])
        if cell["cell_type"] == "markdown" and match and id(following) in positions:
            found[positions[id(following)]] = int(match[1])
    return found


@contextlib.contextmanager
def sandbox(notebook_path: pathlib.Path, notebook: dict):
    root = notebook_path.resolve().parent.parent
    kernel = root / "tests" / "kernel"
    if not kernel.exists():
        kernel = pathlib.Path("/work/main/tests/kernel")
    if not kernel.exists():
        kernel = next(pathlib.Path("/work/main/builder").rglob("ipython_kernel_config.py")).parent
    box = pathlib.Path(tempfile.mkdtemp(prefix="doubt-"))
    try:
        outer, box = box, box / "box"
        (box / "notebooks").mkdir(parents=True)
        code = "\n".join(cell["source"] for cell in code_cells(notebook)).replace("-", "_")
        for folder in ("data", "docker"):
            for path in sorted((root / folder).rglob("*")):
                relative = path.relative_to(root / folder)
                names = (path.name, relative.parts[0]) if len(relative.parts) > 1 else (path.name,)
                if path.is_file() and any(name.replace("-", "_") in code for name in names) and "fashion-mnist" not in path.parts:
                    link = box / path.relative_to(root)
                    link.parent.mkdir(parents=True, exist_ok=True)
                    link.symlink_to(path)
        (box / "keras" / "datasets").mkdir(parents=True)
        (box / "keras" / "datasets" / "fashion-mnist").symlink_to(root / "data" / "fashion-mnist")
        environment = {
            **os.environ, **dict.fromkeys(ONE_THREAD, "1"), "IPYTHONDIR": str(box / "ipython"), "KERAS_HOME": str(box / "keras"),
            "MATPLOTLIBRC": str(kernel / "matplotlibrc"), "PYTHONHASHSEED": "0", "TF_CPP_MIN_LOG_LEVEL": "3",
        }  # fmt: skip
        yield box / "notebooks", environment, kernel
    finally:
        shutil.rmtree(outer, ignore_errors=True)
