"""requirements.txt, and the files that lock it: exact versions with hashes, for every supported Python and platform.

    python -m builder lock [--upgrade]

PyTorch's own line stays out of the lock: its hash depends on the index that the user takes it from (make TORCH_INDEX=...).
"""

import pathlib
import re
import subprocess
import sys

from packaging.requirements import InvalidRequirement, Requirement

from .chapters import option
from .files import ROOT, BookError, text_of

TORCH_REQUIRES = ("filelock", "fsspec", "jinja2", "networkx", "setuptools", "sympy", "typing-extensions")


def requirements(part: str | None = None) -> list[Requirement]:
    """What requirements.txt asks for, under all its headings or under one (a comment line, the first of its paragraph)."""
    found, heading, before = [], None, ""
    for number, line in enumerate(map(str.strip, text_of(ROOT / "requirements.txt").splitlines()), start=1):
        if line.startswith("#") and not before:
            heading = line.removeprefix("#").split("(")[0].strip()
        elif asked := re.split(r"(?:^|\s)#", line)[0].strip():
            try:
                requirement = Requirement(asked)
            except InvalidRequirement:
                raise BookError(f"requirements.txt, line {number}: `{line}` is nothing that the lock can hold: write it as `name~=1.2`, a marker after `;`") from None
            found += [requirement] if part in (None, heading) else []
        before = line
    return found


def direct() -> list[str]:
    """The names of what the book itself asks for."""
    return [requirement.name.lower() for requirement in requirements()]


def compile_lock(target: pathlib.Path, lines: list[str], *flags: str) -> None:
    """Write the exact versions and hashes of all that these requirements need."""
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header",
        "--no-annotate", "--output-file", str(target), *flags, "-",
    ]  # fmt: skip
    result = subprocess.run(command, input="\n".join(lines), cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode:
        raise BookError(f"{target.relative_to(ROOT)} is left as it was: {result.stderr.strip().splitlines()[-1]}")


def lock(*, upgrade: bool) -> None:
    """Write all lock files; versions that are locked already stay, unless `upgrade` is asked for."""
    newest = ["--upgrade"] if upgrade else []
    ours = [str(r) for r in requirements() if not r.name.startswith("torch")]
    compile_lock(ROOT / "requirements.lock", [*ours, *TORCH_REQUIRES], *newest)
    tests = (ROOT / "tests" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    compile_lock(ROOT / "tests" / "requirements.lock", tests, "--constraint", "requirements.lock", *newest)
    for name, wanted in option("locks", {}).items():
        lines = [str(r) for r in requirements("The chapters") if r.name not in wanted.get("without", [])] if "without" in wanted else []
        compile_lock(ROOT / name, [*lines, *wanted.get("with", [])], "--constraint", "requirements.lock")
    for name, index in option("torch_locks", {}).items():  # an index of its own, which has CPU wheels: its hashes are that index's
        (torch,) = (r for r in requirements() if r.name == "torch")
        pinned = f"torch=={str(torch.specifier).removeprefix('~=')}+{index.rsplit('/', 1)[1]}"
        try:
            compile_lock(ROOT / name, [pinned], "--no-deps", "--default-index", index)
        except BookError as error:
            print(f"book: {error} (the others are written)", file=sys.stderr)
