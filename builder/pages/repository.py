"""Where the book's repository is, for Colab, Binder and source links: a fork need not edit anything.

GitHub Actions' environment first, then the git remote `origin`, then `_config.yml`.
"""

import os
import re
import subprocess

from ..files import ROOT


def from_actions() -> tuple[str, str] | None:
    name = os.environ.get("GITHUB_REPOSITORY")
    if not name:
        return None
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    # A pull request's ref is not a branch that others can open.
    branch = os.environ.get("GITHUB_REF_NAME", "main") if os.environ.get("GITHUB_REF_TYPE") == "branch" else "main"
    return f"{server}/{name}", "main" if "/merge" in branch else branch


def from_remote() -> tuple[str, str] | None:
    def git(*words):
        result = subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=False)
        return result.stdout.strip()

    match = re.fullmatch(r"(?:https://|ssh://git@|git@)(github\.com|gitlab\.com)[:/](.+?)(?:\.git)?/?", git("remote", "get-url", "origin"))
    return (f"https://{match[1]}/{match[2]}", git("branch", "--show-current") or "main") if match else None


def address(url: str) -> str:
    """The site's address: what is set, else GitHub Pages' for the repository."""
    owner, name = url.rstrip("/").split("/")[-2:]
    return os.environ.get("BOOK_URL") or f"https://{owner.lower()}.github.io/{name}/"


def locate(app, config):
    options = config.html_theme_options
    url, branch = from_actions() or from_remote() or (options["repository_url"], options["repository_branch"])
    options["repository_url"], options["repository_branch"] = url, branch
    config.html_baseurl = config.ogp_site_url = address(url).rstrip("/") + "/"
    config.html_context = (config.html_context or {}) | {"repository_url": url}
