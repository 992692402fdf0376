"""Executes cells one after the other and tells what they printed and where they failed: in CPython at the build, in Pyodide on the page.

One file for both, so that what was tried is what a reader runs; it needs nothing but Python 3.8's standard library.
"""

import contextlib
import io
import linecache
import sys
import traceback
import types


class Printed(io.TextIOBase):
    """Passes on what a cell prints."""

    def __init__(self, label, write):
        self.label, self.pass_on = label, write

    def writable(self):
        return True

    def write(self, text):
        if text:
            self.pass_on(self.label, text)
        return len(text)


def session():
    """An empty namespace, which is `__main__` as a notebook's is."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    return module.__dict__


def run(cells, write, names=None):
    """Execute the cells, pairs of a label and a source; `write(label, text)` gets what they print.

    Returns None where all of them end well, else the fault: its `type` and `message`, and the `label`, `line` and `text` of each place
    in the cells that it came through, the outermost first.
    """
    names = session() if names is None else names
    for label, source in cells:
        linecache.cache[f"<{label}>"] = (len(source), None, source.splitlines(True), f"<{label}>")
        try:
            with contextlib.redirect_stdout(Printed(label, write)):
                exec(compile(source, f"<{label}>", "exec", dont_inherit=True), names)
        except BaseException as error:  # SystemExit, too, is no end that a cell should come to
            return fault(error, [label for label, _ in cells])
    return None


def fault(error, labels):
    places = []
    if isinstance(error, SyntaxError) and error.filename in [f"<{label}>" for label in labels]:
        places.append({"label": error.filename[1:-1], "line": error.lineno, "text": (error.text or "").strip()})
    else:
        for frame, line in traceback.walk_tb(error.__traceback__):
            filename = frame.f_code.co_filename
            if filename[1:-1] in labels:
                places.append({"label": filename[1:-1], "line": line, "text": linecache.getline(filename, line).strip()})
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return {"type": type(error).__name__, "message": message.strip(), "places": places}
