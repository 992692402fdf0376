"""A server for a folder, on 127.0.0.1 only."""

import contextlib
import functools
import http.server
import pathlib
import threading

from .files import BookError


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
