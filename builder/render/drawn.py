"""Pictures and scripts that take long to make, kept in `_build/drawn` by all that they are made from."""

import inspect
import os

import book

FOLDER = book.BUILD / "drawn"
KEPT = 200  # files: those used last


def drawn(function, *arguments) -> bytes:
    """What `function(*arguments)` gives (text as UTF-8), made once for the same code, arguments and packages."""
    code = inspect.getsource(inspect.getmodule(function))
    path = FOLDER / book.digest(code, function.__name__, repr(arguments), repr(book.versions(["vl-convert-python"])))
    try:
        checksum, content = path.read_bytes().split(b"\n", 1)
        if book.digest(content).encode() == checksum:
            os.utime(path)
            return content
    except (OSError, ValueError):
        pass
    made = function(*arguments)
    content = made.encode() if isinstance(made, str) else made
    book.write_atomically(path, book.digest(content).encode() + b"\n" + content)
    return content


def forget_the_oldest(app, exception):
    files = sorted((path for path in FOLDER.glob("[!.]*")), key=lambda path: -path.stat().st_mtime)
    for path in files[KEPT:]:
        path.unlink(missing_ok=True)


def setup(app):
    app.connect("build-finished", forget_the_oldest)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
