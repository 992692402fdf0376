"""Break it here: the button in a claim's frame, and in the site's folder `live/` what it needs.

`make live` says which claims get one (builder/live); without it the pages are as they were. The script of the page is `book/_static/live.js`.
"""

import html
import json
import pathlib
import shutil

from docutils import nodes

from .. import chapters
from ..live import runtime, shown
from . import executed
from .executed import chapter_of
from .links import link

FOLDER = "live"


def button(chapter: str, number: int) -> list[nodes.Node]:
    """For a live claim, a button that the page's script shows where a browser can do it."""
    if number not in shown.live(chapter):
        return []
    name = html.escape(f"Break claim {number} here")
    return [
        nodes.raw(
            "", f'<p class="live-offer" hidden><button type="button" class="live-open" data-chapter="{chapter}" data-claim="{number}" '
            f'aria-expanded="false" aria-label="{name}">Break it here</button></p>', format="html",
        )
    ]  # fmt: skip


def asked() -> bool:
    """Whether `make live` has said anything of this book."""
    return runtime.manifest() is not None


def tell(app) -> None:
    """Texts marked `{only} live` are for a site that has it."""
    if asked():
        app.tags.add("live")


def cell(env, chapter: str, claim: dict) -> nodes.entry:
    """In the ledger: a link to the claim that can be broken on its page, or why it cannot."""
    number = claim["number"]
    if number in shown.live(chapter):
        return nodes.entry("", nodes.paragraph("", "", link(env, chapter, "break it", claim["slug"])), classes=["is-live"])
    return nodes.entry("", nodes.paragraph("", shown.reason(shown.known(chapter).get(number))))


def add_script(app, pagename, templatename, context, doctree):
    """The script, on pages with a button alone."""
    if chapter_of(pagename) and shown.live(chapter_of(pagename)):
        app.add_js_file("live.js")


def page(chapter: str) -> dict:
    """What the script needs of a chapter's live claims."""
    printed = {claim["number"]: claim["value"] for claim in chapters.claims(executed.chapter(chapter))}
    return {
        str(number): {
            "cells": one["cells"], "packages": one["packages"], "seconds": one["seconds"], "printed": printed[number], "bytes": shown.size(one),
            "suggestions": [{name: suggested[name] for name in ("label", "cell", "line", "source")} for suggested in one["suggestions"]],
        }
        for number, one in shown.live(chapter).items()
    }  # fmt: skip


def write_runtime(app, exception):
    """The runtime, and a file of claims a chapter, where there are any."""
    if exception:
        return
    folder = pathlib.Path(app.outdir) / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    found = {name: page(name) for name in filter(None, map(chapter_of, app.env.found_docs))}
    if not any(found.values()):
        return
    shutil.copytree(runtime.FOLDER, folder)
    for name, claims in found.items():
        if claims:
            (folder / f"{name}.json").write_text(json.dumps(claims, ensure_ascii=False), encoding="utf-8")
