"""What the pages show of live claims: those whose packages the runtime has. Plain reading, for `builder.pages` and the site's key."""

import functools
import json

from ..files import digest
from . import choose, runtime


@functools.cache
def known(chapter: str) -> dict[int, dict]:
    """What `make live` found of the chapter's present state, by claim; empty where it was not asked, or there is no runtime."""
    return choose.current(chapter) if runtime.manifest() else {}


@functools.cache
def live(chapter: str) -> dict[int, dict]:
    """The claims that get a button."""
    there = (runtime.manifest() or {}).get("packages", {})
    return {number: one for number, one in known(chapter).items() if one["live"] and there.keys() >= set(one["packages"])}


def size(claim: dict) -> int:
    """Bytes that the first run of the claim loads."""
    found = runtime.manifest()
    names = {*found["core"], *(name for package in claim["packages"] for name in found["packages"][package])}
    return sum(found["files"][name]["size"] for name in names)


def reason(claim: dict | None) -> str:
    """Why the claim has no button, in some words."""
    if claim is None:
        return "not tried"
    return f"needs {', '.join(claim['packages'])}" if claim["live"] else claim["detail"]


def state(chapter: str) -> str:
    """Digest of what the chapter's page shows of it; empty where that is nothing."""
    found = known(chapter)
    return digest(json.dumps(found, sort_keys=True), runtime.version()) if found else ""
