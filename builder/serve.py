"""A server for a folder, on 127.0.0.1 only."""

import contextlib
import functools
import http.server
import pathlib
import subprocess
import sys
import tempfile
import threading

from .chapters import option
from .files import ROOT, BookError


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder):
    """Serve `folder` on a free port; yields the address."""
    handler = functools.partial(Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def stand_ins():
    """Serve what the chapters read from the network: `stand_ins` of `_config.yml`; yields the variables that tell them the addresses.

    Each stand-in is a folder of the book, or a program that writes what is to be served into the folder that it is given.
    """
    with contextlib.ExitStack() as stack:
        variables = {}
        for name, source in option("stand_ins", {}).items():
            folder = ROOT / source
            if folder.is_file():
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                subprocess.run([sys.executable, ROOT / source, folder], check=True)
            variables[name] = stack.enter_context(served(folder))
        yield variables


def serve(folder: pathlib.Path, port: int) -> None:
    """Show the site until interrupted."""
    if not (folder / "index.html").is_file():
        raise BookError("there is no complete site to show: run `make`")
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), functools.partial(Silent, directory=str(folder)))
    except OSError as error:
        raise BookError(f"port {port} is taken ({error.strerror}): name another, `make serve PORT=8001`") from None
    with server:
        print(f"the book is at http://127.0.0.1:{port}/ (Ctrl-C ends it)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
