"""The commands of the builder: `python -m builder COMMAND`, from the root of the book. The Makefile has a line for each.

This is the one place that turns a fault into a line with its cure, and that says how a process is stopped.
"""

import signal
import sys


def interrupted(*_) -> None:
    raise KeyboardInterrupt


# Before the imports, which take a second: an interruption is no fault that needs a traceback. SIGTERM does not travel as SIGINT, which is ignored
# in jobs in the background.
sys.excepthook = lambda kind, *rest: print("book: interrupted", file=sys.stderr) if kind is KeyboardInterrupt else sys.__excepthook__(kind, *rest)
signal.signal(signal.SIGTERM, interrupted)
signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # who ignores it, and starts us, hides from us how our children end

import argparse  # noqa: E402 - see above
import os  # noqa: E402
import re  # noqa: E402

# Settings of Python, and of what makes the pages, change what a chapter or a page shows (SOURCE_DATE_EPOCH its year), or break the builder.
# The order of sets shows in the pages; and a system of Latin letters alone could not say what a cell printed. LC_CTYPE stays: where LANG is C, Python sets it itself as it begins, and this would never end.
FOREIGN = re.compile(r"PYTHON(?!DONTWRITEBYTECODE|PYCACHEPREFIX|UNBUFFERED)|SPHINX|DOCUTILS|SOURCE_DATE_EPOCH|LANGUAGE|LC_(?!CTYPE)|BOOK_TOC")
# What the builder itself takes from the environment, and how it is written.
TAKEN = {"BOOK_TIMEOUT": (r"\d+(\.\d+)?", "a number of seconds"), "BOOK_URL": (r"https?://[^\s\"'<>]+", "the site's address, https://...")}


def in_defined_surroundings() -> None:
    """Begin again without the user's settings of Python, where there are any; and with all three streams, for the number of a closed one would be given to the next file or pipe."""
    closed = None in (sys.stdin, sys.stdout, sys.stderr)
    while closed and (number := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(number, True)
    wanted = {name: value for name, value in os.environ.items() if not FOREIGN.match(name) and (value or name not in TAKEN)} | {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "NO_COLOR": "1"}
    if closed or wanted != dict(os.environ):
        os.execve(sys.executable, [sys.executable, "-m", "builder", *sys.argv[1:]], wanted)


def at_least(least: int, most: float = float("inf")):
    """The type of an argument: a whole number from here to there."""

    def number(text: str) -> int:
        if not re.fullmatch(r"\d+", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"'{text}' is no whole number from {least} {f'to {most}' if most < float('inf') else 'on'}")
        return int(text)

    return number


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m builder", description="Make the book: execute its chapters, render its site, and check both.")
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    execute = commands.add_parser("execute", help="execute the chapters that have changed, several at a time")
    execute.add_argument("chapters", nargs="*", metavar="CHAPTER", help="all of them where none is named")
    execute.add_argument("--in-order", action="store_true", help="begin them in the order in which they are named, not the longest first")
    execute.add_argument("--jobs", type=at_least(1), default=os.cpu_count(), help="chapters at a time (%(default)s)")
    render = commands.add_parser("render", help="make the site of the executions and put it in place in one step")
    render.add_argument("chapter", nargs="?", metavar="CHAPTER", help="this chapter alone, while it is being written")
    commands.add_parser("pdf", help="print the site as one PDF")
    commands.add_parser("compare", help="build the book again from nothing in a copy, and compare the sites")
    doubt = commands.add_parser("doubt", help="break chapters on purpose and try other seeds, to see how much they would notice")
    doubt.add_argument("chapters", nargs="*", metavar="CHAPTER", help="all of them where none is named")
    doubt.add_argument("-n", type=at_least(0), default=100, help="mutants a chapter (%(default)s)")
    doubt.add_argument("--seeds", type=at_least(0), default=0, help="other seeds on which each chapter is executed (%(default)s)")
    doubt.add_argument("--seed", type=int, help="of the draw of the mutants; it is printed")
    doubt.add_argument("--cells", default="", help="mutants of these code cells alone, counted from 1: 3,7-9")
    doubt.add_argument("--record", action="store_true", help="keep the results in the book, and go on with those that are kept")
    doubt.add_argument("--jobs", type=at_least(1), default=os.cpu_count(), help="mutants at a time (%(default)s)")
    live = commands.add_parser("live", help="choose the claims that readers can break on the page, and fetch Python for the browser")
    live.add_argument("chapters", nargs="*", metavar="CHAPTER", help="all of them where none is named")
    live.add_argument("--jobs", type=at_least(1), default=os.cpu_count(), help="claims at a time (%(default)s)")
    new = commands.add_parser("new", help="lay out a new chapter")
    new.add_argument("chapter", metavar="CHAPTER")
    serve = commands.add_parser("serve", help="show the site on 127.0.0.1")
    serve.add_argument("--port", type=at_least(1, 65535), default=8000)
    lock = commands.add_parser("lock", help="write the lock files after a change of requirements.txt")
    lock.add_argument("--upgrade", action="store_true", help="take the newest versions that requirements.txt allows")
    tidy = commands.add_parser("tidy", help="take out of the notebooks what editors and runs leave there")
    tidy.add_argument("chapters", nargs="*", metavar="CHAPTER", help="all of them where none is named")
    commands.add_parser("checksums", help="record the checksums of the data after a change that was meant")
    colab = commands.add_parser("colab", help="execute the chapters with Colab's versions")
    colab.add_argument("chapters", nargs="*", metavar="CHAPTER", help="all of them where none is named")
    colab.add_argument("--freeze", default="", help="what Colab has: a file or an address (the newest state in data/colab_versions/)")
    colab.add_argument("--python", help="the Python to take; Colab's version where none is named")
    colab.add_argument("--torch-index", default="", help="pip's extra index for PyTorch's CPU wheels")
    colab.add_argument("--record", action="store_true", help="keep the results in the book, for its page of executions")
    commands.add_parser("browser", help="find a Chromium for the tests, and install one where there is none")
    return found


def main(arguments: argparse.Namespace) -> None:
    from .files import BUILD, ROOT, alone

    if arguments.command in ("render", "pdf", "compare", "doubt", "live", "lock", "colab"):  # `execute` checks more, and the others mend or show
        from .form import check_settings

        check_settings()
    match arguments.command:
        case "execute":
            from .execute.pool import execute
            from .form import check

            with alone():
                check(arguments.chapters)
                execute(arguments.chapters, arguments.jobs, in_order=arguments.in_order)
        case "render":
            from .chapters import chapters, check_names
            from .files import git_refusal
            from .form import output_rules
            from .render.site import one_chapter, whole_book

            with alone():
                check_names([arguments.chapter] if arguments.chapter else [])
                page = one_chapter(arguments.chapter) if arguments.chapter else whole_book()
                for fault in [fault for name in chapters() if arguments.chapter in (None, name) for fault in output_rules(name)]:
                    print(f"{fault} (`make test` will fail)")
            if refusal := git_refusal():
                print(f"book: git does not tell of this folder ({refusal}): the site's links are those of _config.yml, and it names no versions", file=sys.stderr)
            print(f"the {'chapter is at' if arguments.chapter else 'site is complete:'} {page.relative_to(ROOT)}")
        case "pdf":
            from .paper import print_the_site

            print_the_site()
        case "compare":
            from .compare import compare

            compare()
        case "doubt":
            from .doubt.command import doubt

            doubt(arguments.chapters, arguments.n, arguments.seeds, arguments.seed, arguments.jobs, arguments.cells, arguments.record)
        case "live":
            from .live.command import live

            with alone():
                live(arguments.chapters, arguments.jobs)
        case "new":
            from .new import new

            new(arguments.chapter)
        case "serve":
            from .serve import serve

            serve(BUILD / "html", arguments.port)
        case "lock":
            from .requirements import lock

            lock(upgrade=arguments.upgrade)
        case "tidy":
            from .files import ROOT
            from .form import tidy

            tidy(arguments.chapters or sorted(path.stem for path in (ROOT / "notebooks").glob("[!.]*.ipynb")))
        case "checksums":
            from .data import record_checksums

            record_checksums()
        case "colab":
            from .colab import colab

            with alone():
                colab(arguments.chapters, arguments.freeze, arguments.python, arguments.torch_index, record=arguments.record)
        case "browser":
            from .browser import install

            install()


if __name__ == "__main__":
    in_defined_surroundings()
    arguments = parser().parse_args()
    from .files import BookError

    try:
        for name, (form, meaning) in TAKEN.items():
            if os.environ.get(name) and not re.fullmatch(form, os.environ[name]):
                raise BookError(f"{name} in the environment is '{os.environ[name]}', not {meaning}: correct it, or unset it")
        main(arguments)
    except BookError as error:
        sys.exit(f"book: {error}")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python tries once more, and complains
        sys.exit("book: nobody reads what it says any more, so it ended: run it again, and let it speak to its end")
    except OSError as error:
        cure = "put away what stands there" if isinstance(error, FileExistsError | IsADirectoryError | NotADirectoryError) else "free space or permissions"
        sys.exit(f"book: {error.strerror}: {error.filename or 'disk'}: {cure}, then run `make` again")
    except KeyboardInterrupt:
        sys.exit("book: interrupted: run `make` again to go on; finished chapters and the last complete site are kept")
