"""What the tests of the site share: the built pages, a server for them, and a browser."""

import contextlib
import fcntl
import functools
import http.server
import threading

import book
import pytest
import render


@pytest.fixture(scope="session")
def site():
    """The folder of the complete site, rendered from the present executions if it is not there yet."""
    book.BUILD.mkdir(exist_ok=True)
    with open(book.BUILD / "tests.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # where several processes test, one renders and the others wait
        try:
            return render.complete_site()
        except book.BookError as error:
            pytest.fail(str(error))


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextlib.contextmanager
def served(folder):
    """Serve `folder` on 127.0.0.1; yields the address."""
    handler = functools.partial(Silent, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def address(site):
    with served(site) as url:
        yield url
