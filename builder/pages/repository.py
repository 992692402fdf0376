"""Where the book's repository is, for Colab, Binder and source links: a fork need not edit anything.

GitHub Actions' environment first, then the git remote `origin`, then `repository` in `_config.yml` where there is neither, or where the remote is a folder of
this machine. A remote on a host that is not known gives no links at all: better none than those of a stranger.
"""

import os
import re
from typing import NamedTuple

from ..files import git


class Repository(NamedTuple):
    host: str  # github.com or gitlab.com
    path: str  # owner/name; on GitLab there may be groups between
    branch: str

    @property
    def url(self) -> str:
        return f"https://{self.host}/{self.path}"

    @property
    def pages(self) -> str:
        """Where its host publishes the site: a project's below its owner's, one named after its owner's address there."""
        owner, _, name = self.path.partition("/")
        domain = f"{owner.lower()}.{'github' if self.host == 'github.com' else 'gitlab'}.io"
        return f"https://{domain}/" if name.lower() == domain else f"https://{domain}/{name}/"


def parsed(address: str, branch: str) -> Repository | None:
    """The repository of an address as git or a browser writes it; None where the host is not a known one."""
    match = re.fullmatch(r"(?:\w+://)?(?:[^@/]+@)?(?:www\.|ssh\.|altssh\.)?(github\.com|gitlab\.com)(?::\d+)?[:/]([\w.-]+(?:/[\w.-]+)+)/?", address, re.I)
    if not match:
        return None
    host, path = match[1].lower(), match[2].removesuffix(".git")
    names = path.split("/")
    if {".", "..", "-"} & set(names) or host == "github.com" and len(names) != 2:  # a page of the repository, or no address at all
        return None
    return Repository(host, path, branch)


def from_actions() -> Repository | None:
    name = os.environ.get("GITHUB_REPOSITORY")
    if not name or os.environ.get("GITHUB_SERVER_URL", "https://github.com") != "https://github.com":
        return None
    reference = os.environ.get("GITHUB_REF_NAME", "main")
    # What a pull request is built from is no branch that others can open; what it goes into is.
    merge = re.fullmatch(r"\d+/merge", reference)
    return Repository("github.com", name, os.environ.get("GITHUB_BASE_REF") or "main" if merge else reference)


def remote() -> str:
    """The remote's name: `origin`, or the first, where a clone calls it otherwise."""
    names = git("remote").split()
    return "origin" if "origin" in names or not names else names[0]


def from_remote() -> Repository | None:
    """The remote, at the present branch if it has been pushed, else at the remote's own."""
    branch, name = git("branch", "--show-current"), remote()
    if not branch or not git("rev-parse", "--verify", "--quiet", f"refs/remotes/{name}/{branch}"):
        branch = git("symbolic-ref", "--short", f"refs/remotes/{name}/HEAD").removeprefix(f"{name}/") or "main"
    return parsed(git("remote", "get-url", name), branch)


def found(options: dict) -> Repository | None:
    if os.environ.get("GITHUB_REPOSITORY"):
        return from_actions()
    address = git("remote", "get-url", remote())
    if ":" in address and not address.startswith("file:"):
        return from_remote()
    return parsed(options.get("repository_url") or "", options.get("repository_branch") or "main")


def locate(app, config):
    options = config.html_theme_options
    repository = found(options)
    base = os.environ.get("BOOK_URL") or (repository.pages if repository else "")
    config.html_baseurl = config.ogp_site_url = base.rstrip("/") + "/" if base else ""
    if repository:
        options["repository_url"], options["repository_branch"] = repository.url, repository.branch
        options["repository_provider"] = repository.host.partition(".")[0]
    if not repository or repository.host != "github.com":  # Colab opens GitHub's notebooks alone, and so does Binder by the address that the theme writes
        options["launch_buttons"] = {}
    if not repository:
        for name in ("repository_url", "path_to_docs"):
            options[name] = ""
        for name in ("use_repository_button", "use_issues_button", "use_edit_page_button", "use_source_button"):
            options[name] = False
    config.html_context = (config.html_context or {}) | {"repository_url": repository.url if repository else ""}
