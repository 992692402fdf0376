"""Find a Chromium for the tests, and install one where there is none.

In order: `$CHROMIUM`, one on the PATH, Debian's package (as root), Playwright's own build.
"""

import os
import pathlib
import shutil
import subprocess
import sys

from .files import BookError

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def installed() -> str | None:
    """Path of a Chromium, or None."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if name and shutil.which(name):
            return shutil.which(name)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if pathlib.Path(path).exists() else None


def install() -> None:
    if installed():
        return
    print("installing Chromium for the tests", flush=True)
    if shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium", "fonts-dejavu-core"]):
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if not installed():
        raise BookError("no browser for the tests: install Chromium, or name one: CHROMIUM=/path/to/chromium make test")
