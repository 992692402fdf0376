"""What the tests of the book share: the built site, its address, and the browser."""

import fcntl
import os
import signal

import pytest
from playwright.sync_api import sync_playwright

from builder import browser
from builder.files import BUILD, BookError
from builder.render.site import chapters_site, complete_site
from builder.serve import served

# In a job in the background SIGINT is ignored, and so it would be in all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def site():
    """The folder of the complete site, rendered from the present executions if it is not there yet; with `make test CHAPTER=` that of the chapter alone."""
    chapter = os.environ.get("BOOK_CHAPTER")
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / "tests.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # where several processes test, one renders and the others wait
        try:
            return chapters_site(chapter) if chapter else complete_site()
        except BookError as error:
            pytest.fail(str(error))


@pytest.fixture(scope="session")
def address(site):
    with served(site) as url:
        yield url


class Chromium:
    """A browser that can be started again: once in some hundred long pages, headless Chromium draws no more frames."""

    def __init__(self, playwright):
        self.playwright = playwright
        self.start()

    def start(self):
        self.browser = self.playwright.chromium.launch(executable_path=browser.installed(), args=browser.ARGUMENTS)

    def restart(self):
        self.browser.close()
        self.start()


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        found = Chromium(playwright)
        yield found
        found.browser.close()
