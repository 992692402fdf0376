"""`python -m builder live`: choose the live claims, fetch what the browser needs for them, and tell which claims are not live and why."""

import collections

from ..chapters import chapters, check_names, title
from ..execute import store
from ..files import BUILD, BookError, write_atomically
from . import runtime
from .choose import choose, current


def live(names: list[str], jobs: int) -> None:
    check_names(names)
    offered = runtime.offered(runtime.pyodide())
    for name in names or chapters():
        found = choose(name, offered, jobs)
        print(f"{name}: {summary(found)}", flush=True)
    every = {name: current(name) for name in chapters() if store.current(name)}
    packages = sorted({package for found in every.values() for one in found.values() if one["live"] for package in one["packages"]})
    manifest = runtime.assemble(packages)
    path = BUILD / "live" / "report.md"
    write_atomically(path, report(every, manifest))
    shown = [one for found in every.values() for one in found.values() if one["live"] and manifest["packages"].keys() >= set(one["packages"])]
    size = sum(file["size"] for file in manifest["files"].values()) / 1e6
    print(f"{len(shown)} claims get a button; Python for the browser weighs {size:.1f} MB; {path.relative_to(BUILD.parent)} says more")


def summary(found: dict[int, dict]) -> str:
    reasons = collections.Counter(one["why"] for one in found.values() if not one["live"])
    rest = ", ".join(f"{many} {why}" for why, many in sorted(reasons.items()))
    return f"{sum(one['live'] for one in found.values())} of {len(found)} claims are live" + (f" (not: {rest})" if rest else "")


def report(every: dict[str, dict[int, dict]], manifest: dict) -> str:
    """By chapter, each claim: what it needs and takes, or why it is not live."""
    lines = ["# Live claims", ""]
    for name, found in every.items():
        lines += [f"## {title(store.load(name))}", "", f"{summary(found)}.", ""]
        for number, one in sorted(found.items()):
            if one["live"]:
                tries = "; ".join(f"`{suggested['label']}`" for suggested in one["suggestions"]) or "no change of one place makes it fail"
                lacking = set(one["packages"]) - manifest["packages"].keys()
                without = f" (no wheels here: {', '.join(sorted(lacking))})" if lacking else ""
                lines.append(f"- {number}: live, {one['seconds']} s, {', '.join(one['packages']) or 'Python alone'}{without}. {tries}")
            else:
                lines.append(f"- {number}: {one['detail']}")
        lines.append("")
    return "\n".join(lines)
