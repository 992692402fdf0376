"""Execute every chapter with the versions that Colab has: `make colab [CHAPTER=] [PYTHON=python3.13] [FREEZE=file] [RECORD=1]`.

Colab's makers publish what its environment holds; `data/colab_versions/` has such states, of today's runtime and of past ones that readers can choose. The packages
that the chapters import, what these require, and IPython with its kernel are installed in exactly these versions; each chapter then runs alone in an empty
folder, as there, with stand-ins on 127.0.0.1 for the addresses that it reads. FREEZE=requirements.lock tries the book's own versions on another Python.
"""

import base64
import contextlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

import nbformat
import PIL.Image
from packaging.requirements import Requirement

from . import versions as record_of
from .chapters import chapters, check_names, claims, code_cells, load, option
from .execute.chapter import run_chapter
from .execute.key import distributions
from .execute.pool import explain
from .files import BUILD, ROOT, BookError, digest
from .requirements import requirements
from .serve import stand_ins

FOLDER = BUILD / "colab"
KERNEL = ("ipykernel", "ipython", "matplotlib-inline", "jupyter-client", "traitlets", "tornado", "pyzmq")
# Builds of the same version for machines without a graphics card.
SMALLER = {"tensorflow-cpu": "tensorflow"}


def frozen(text: str, python: str = "3.13") -> dict[str, str]:
    """Version of each package of a freeze, by its name in lower case with hyphens; of one that was installed from an address, that of its file.

    A lock is one too: of its lines those count that are meant for this `python`.
    """
    found = {}
    for line in text.splitlines():
        if re.match(r"[\w.-]+==", line):
            one = Requirement(line.removesuffix("\\"))
            if one.marker and not one.marker.evaluate({"python_version": python, "python_full_version": f"{python}.0"}):
                continue
            name, version = one.name, str(one.specifier).removeprefix("==")
        elif match := re.match(r"([\w.-]+) @ \S*/[\w.]+-(\d[\w.]*?)(?:%2B\w+)?-(?:cp|py)\d", line):
            name, version = match.groups()
        else:
            continue
        found[re.sub(r"[-_.]+", "-", name).lower()] = version.split("+")[0]
    if len(found) < 50:
        raise BookError("the freeze lists no packages as `name==version`: take pip-freeze.txt of the repository googlecolab/backend-info")
    return found


def python_of(text: str) -> str:
    """The version of Python (3.13) that the freeze names in its head, or for which its wheels were built."""
    found = re.search(r"^#.*\(Python 3\.(\d+)\)", text, re.M) or re.search(r"-cp3(\d+)-", text)
    return f"3.{found[1]}" if found else "3.13"


def version_of(python: str | pathlib.Path) -> str | None:
    """`3.13` of this Python, None where it is none."""
    with contextlib.suppress(OSError):
        asked = subprocess.run([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True, check=False)
        return asked.stdout.strip() or None


def true_path(python: str) -> str:
    """Where this Python lies, by whatever name it was called: `python3.13`, a link and a shim are one, and share an environment."""
    asked = subprocess.run([python, "-c", "import os, sys; print(os.path.realpath(sys.executable))"], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def find_python(version: str) -> str:
    """A Python of this version: on the PATH, under pyenv, or where uv knows one."""
    places = [shutil.which(f"python{version}"), *sorted(map(str, (pathlib.Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")), reverse=True)]
    with contextlib.suppress(OSError, ImportError):
        uv = subprocess.run([sys.executable, "-m", "uv", "python", "find", version], capture_output=True, text=True, check=False)
        places.append(uv.stdout.strip())
    for place in filter(None, places):
        if version_of(place) == version:
            return place
    raise BookError(f"Colab has Python {version} and this machine has none: install it (`uv python install {version}`), or name another, `make colab PYTHON=python3.11`")


def wanted(versions: dict[str, str]) -> list[str]:
    """What the chapters import of what Colab has, in its versions; PyTorch is apart."""
    names = {*KERNEL, *(name for chapter in chapters() for name in distributions(load(chapter)))}
    there = {name: versions.get(name) or versions.get(SMALLER.get(name)) for name in names}
    return sorted(f"{name}=={version}" for name, version in there.items() if version and name != "torch")


def environment(versions: dict[str, str], python: str, torch_index: str) -> pathlib.Path:
    """The Python of an environment with these versions, made once.

    PyTorch is the freeze's where its index of CPU wheels is given. Elsewhere it is the freeze's too, unless that brings graphics libraries of some gigabytes
    and the book's own does not.
    """
    lines = wanted(versions)
    place = FOLDER / digest(*lines, true_path(python), torch_index)[:12]
    interpreter = place / "bin" / "python"
    if not (place / "complete").is_file():
        print(f"installing these versions of {len(lines)} packages into {place.relative_to(ROOT)} (some minutes, once)", flush=True)
        shutil.rmtree(place, ignore_errors=True)
        if subprocess.run([python, "-m", "venv", place], stdout=subprocess.DEVNULL, check=False).returncode:
            raise BookError(f"{python} cannot make an environment: on Debian or Ubuntu, apt install python3-venv, or name another, `make colab PYTHON=python3.13`")
        constraints = place / "constraints.txt"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in versions.items() if name != "torch"), encoding="utf-8")
        pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        try_all(pip, [["--constraint", constraints, *lines]])
        for own in (str(requirement) for requirement in requirements() if requirement.name == "torch"):  # a book may do without
            exact = f"torch=={versions['torch']}" if "torch" in versions else own
            roads = [[f"{exact}+cpu", "--extra-index-url", torch_index]] if torch_index else [[exact], [own, "--only-binary=:all:"]]
            try_all(pip, [["--constraint", constraints, *road] for road in roads] if torch_index else without_graphics(interpreter, roads))
        (place / "complete").touch()
    return interpreter


def installed(interpreter: pathlib.Path) -> dict[str, str]:
    """The versions of Python and of what the chapters import, as they are there."""
    ask = "import importlib.metadata as m, json, platform; print(json.dumps({d.name.lower(): d.version for d in m.distributions()} | {'python': platform.python_version()}))"
    found = json.loads(subprocess.run([interpreter, "-c", ask], capture_output=True, text=True, check=True).stdout)
    names = {"python", "keras", *(name for chapter in chapters() for name in distributions(load(chapter)))}
    return {name: version for name, version in sorted(found.items()) if name in names}


def without_graphics(interpreter: pathlib.Path, roads: list[list]) -> list[list]:
    """The roads to PyTorch, those first that bring no graphics libraries, as pip says without installing them."""

    def brings_graphics(road):
        command = [interpreter, "-m", "pip", "install", "--dry-run", "--quiet", "--disable-pip-version-check", "--report", "-", *road]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        names = [item["metadata"]["name"] for item in json.loads(asked.stdout)["install"]] if asked.returncode == 0 else ["nvidia"]
        return any(name.startswith("nvidia") for name in names)

    return sorted(roads, key=brings_graphics)


def try_all(pip: list, roads: list[list]) -> None:
    """Install by the first road that leads there."""
    for road in roads:
        result = subprocess.run([*map(str, pip), *map(str, road)], capture_output=True, text=True, check=False)
        if result.returncode == 0:
            return
    said = [line for line in result.stderr.strip().splitlines() if "ERROR" in line] or result.stderr.strip().splitlines() or ["nothing"]
    raise BookError(f"Colab's versions could not be installed; pip says: {said[-1]}: check the network, or name another Python")


def pictures_without_a_ground(notebook: nbformat.NotebookNode) -> list[int]:
    """The code cells whose pictures, pixels as Colab shows them, are transparent at a corner."""
    found = []
    for number, cell in enumerate(code_cells(notebook), start=1):
        pictures = [output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {})]
        if any(PIL.Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGBA").getpixel((0, 0))[3] < 255 for picture in pictures):
            found.append(number)
    return found


def fetch(address: str) -> str:
    """The newest freeze from its source."""
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return answer.read().decode("utf-8")
    except OSError as error:
        raise BookError(f"{address} does not answer ({error}): check the network, or give a file, `make colab FREEZE=file`") from None


def colab(names: list[str], freeze: str, python: str | None, torch_index: str, *, record: bool = False) -> None:
    """Execute the chapters (all where none is named) with the versions of `freeze`: a file, an address, or nothing for Colab's of today; `record` keeps the results."""
    check_names(names)
    if not (source := freeze or option("colab_freeze")):
        raise BookError("_config.yml does not say what Colab has: write `colab_freeze: FILE` there under `builder`, or name a freeze, `make colab FREEZE=file`")
    if re.match("https?://", source):
        text = fetch(source)
    else:
        try:
            text = (ROOT / source).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise BookError(f"{source} cannot be read ({getattr(error, 'strerror', None) or 'it is not UTF-8 text'}): name a freeze, `make colab FREEZE=file`") from None
    python = python or find_python(python_of(text))
    if (version := version_of(python)) is None:
        raise BookError(f"{python} is no Python that runs here: name one that does, `make colab PYTHON=python3.13`")
    versions = frozen(text, version)
    interpreter = environment(versions, python, torch_index)
    has = installed(interpreter)
    other = [f"Python {has['python']}"] if has["python"].startswith(python_of(text) + ".") else [f"Python {has['python']} in place of {python_of(text)}"]
    if "torch" in has:
        other += [f"PyTorch {has['torch']}" + (f" in place of {versions['torch']}" if has["torch"].split("+")[0] != versions.get("torch", has["torch"].split("+")[0]) else "")]
    print(f"with the versions of {source}, {', '.join(other)}", flush=True)
    faults, results = [], {}
    with stand_ins() as variables, tempfile.TemporaryDirectory() as settings:  # IPython's and matplotlib's own settings, as there
        for name in names or chapters():
            found, notebook = run_chapter(name, [], python=interpreter, IPYTHONDIR=settings, MATPLOTLIBRC="", **variables)
            n_claims = len(claims(load(name)))
            results[name] = {"error": found["error"], "cells": found["n_cells"], "claims": n_claims, "seconds": found["seconds"]}
            if found["error"]:
                faults.append(explain(name, found["error"]))
            elif bare := pictures_without_a_ground(notebook):
                faults.append(f"{name}: on dark pages the letters of its figures cannot be read, for these have no ground of their own: code cell {', '.join(map(str, bare))}")
            print(faults[-1].splitlines()[0] if faults and faults[-1].startswith(name) else f"{name}: {found['n_cells']} cells, {n_claims} claims hold, in {found['seconds']:.0f} s", flush=True)
    if record:
        record_of.keep(pathlib.PurePath(source).stem, has["python"], has, results)
    if faults:
        print("\n" + "\n\n".join(faults) + "\n", file=sys.stderr)
        raise BookError(f"{len(faults)} of {len(results)} chapters fail with these versions")
    print(f"{len(results)} of {len(results)} chapters, {sum(r['claims'] for r in results.values())} claims, in {sum(r['seconds'] for r in results.values()):.0f} s")
