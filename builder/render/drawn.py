"""Pictures and scripts that take long to make, kept in `_build/drawn` by all that they are made from."""

import functools
import os
import pathlib

from .. import letters
from ..execute.key import versions
from ..files import BUILD, digest, write_atomically

FOLDER = BUILD / "drawn"
KEPT = 200  # files: those used last


@functools.cache
def _code() -> str:
    """Digest of the code that draws, with its palette and font, and of the packages that it uses."""
    code = [path.read_bytes() for path in sorted(pathlib.Path(__file__).parent.glob("*.py"))]
    return digest(*code, pathlib.Path(letters.__file__).read_bytes(), letters.source(), repr(versions(["vl-convert-python", "Pillow", "tinycss2", "fonttools"])))


def drawn(function, *arguments) -> bytes:
    """What `function(*arguments)` gives (text as UTF-8), made once for the same code, arguments and packages."""
    path = FOLDER / digest(_code(), function.__name__, repr(arguments))
    try:
        checksum, content = path.read_bytes().split(b"\n", 1)
        if digest(content).encode() == checksum:
            os.utime(path)
            return content
    except (OSError, ValueError):
        pass
    made = function(*arguments)
    content = made.encode() if isinstance(made, str) else made
    write_atomically(path, digest(content).encode() + b"\n" + content)
    return content


def forget_the_oldest() -> None:
    files = sorted((path for path in FOLDER.glob("[!.]*")), key=lambda path: -path.stat().st_mtime)
    for path in files[KEPT:]:
        path.unlink(missing_ok=True)
