"""Lighthouse's scores of the built site: `make lighthouse`, or `python -m benchmarks.lighthouse.measure [--runs 5] [page ...]`.

Serves the site as a host does, compressed, and prints the median of the runs for a phone and for a desktop. Fails below the targets.
Scores of speed depend on the machine: run it on a calm one.
"""

import argparse
import contextlib
import gzip
import http.server
import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading

from builder import browser
from builder.files import BUILD
from builder.render.site import SITE

COMMAND = BUILD / "lighthouse" / "node_modules" / ".bin" / "lighthouse"
PAGES = ("book/intro", "book/claims", "notebooks/binary_metrics", "notebooks/central_limit_theorem")
TARGETS = {
    "mobile": {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100},
    "desktop": {"performance": 100, "accessibility": 100, "best-practices": 100, "seo": 100},
}
TEXT = {".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".xml": "application/xml"}


class Host(http.server.SimpleHTTPRequestHandler):
    """A static host: compresses text, and lets what is versioned be kept."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def end_headers(self):
        self.send_header("Cache-Control", "max-age=600" if self.path.split("?")[0].endswith((".html", "/")) else "max-age=31536000, immutable")
        super().end_headers()

    def do_GET(self):
        path = pathlib.Path(self.translate_path(self.path))
        if path.suffix not in TEXT or not path.is_file() or "gzip" not in self.headers.get("Accept-Encoding", ""):
            return super().do_GET()
        content = gzip.compress(path.read_bytes())
        self.send_response(200)
        for name, value in (("Content-Type", TEXT[path.suffix]), ("Content-Encoding", "gzip"), ("Content-Length", str(len(content)))):
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(content)
        return None


def scores(url: str, form: str) -> dict[str, int]:
    """One run: the scores of its categories, 0 to 100, and what lost points."""
    command = [
        str(COMMAND), url, "--quiet", "--output=json", "--output-path=stdout", f"--only-categories={','.join(TARGETS[form])}",
        f"--chrome-flags={' '.join(browser.ARGUMENTS)}", *(["--preset=desktop"] if form == "desktop" else []),
    ]  # fmt: skip
    result = subprocess.run(command, env={**os.environ, "CHROME_PATH": browser.installed()}, capture_output=True, text=True, check=False)
    if result.returncode:
        sys.exit(f"book: Lighthouse could not measure {url}: {(result.stderr.strip().splitlines() or ['no message'])[-1]}")
    report = json.loads(result.stdout)
    lost = [
        name
        for category in report["categories"].values()
        for name in (r["id"] for r in category["auditRefs"] if r["weight"])
        if (report["audits"][name]["score"] or 0) < 0.9 and report["audits"][name]["scoreDisplayMode"] not in ("notApplicable", "manual", "informative")
    ]
    return {name: round(100 * category["score"]) for name, category in report["categories"].items()} | {"lost": lost}


def main(pages: list[str], runs: int) -> None:
    site, below = SITE.resolve(), []
    if not (site / "index.html").is_file():
        sys.exit("book: there is no complete site to measure: run `make`")
    handler = lambda *arguments: Host(*arguments, directory=str(site))  # noqa: E731
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"| page | as | {' | '.join(TARGETS['mobile'])} |\n|:---|:---|{'---:|' * len(TARGETS['mobile'])}")
        for page in pages:
            for form, targets in TARGETS.items():
                found = [scores(f"http://127.0.0.1:{server.server_port}/{page}.html", form) for _ in range(runs)]
                medians = {name: statistics.median(run[name] for run in found) for name in targets}
                print(f"| {page} | {form} | {' | '.join(f'{value:g}' for value in medians.values())} |", flush=True)
                lost = sorted({name for run in found for name in run["lost"]})
                below += [f"{page}, {form}: {name} {medians[name]:g} < {least} ({', '.join(lost)})" for name, least in targets.items() if medians[name] < least]
        server.shutdown()
    if below:
        sys.exit("book: below the targets:\n" + "\n".join(below))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", default=PAGES)
    parser.add_argument("--runs", type=int, default=5)
    main(**vars(parser.parse_args()))
