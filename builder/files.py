"""Files of the book: where they are, how they are replaced in one step, and the lock that keeps two builds apart."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"


class BookError(Exception):
    """A fault whose message is one line that names the cause and the cure."""


def digest(*parts: bytes | str) -> str:
    """SHA-256 of the parts, each preceded by its length, as 64 hexadecimal digits."""
    result = hashlib.sha256()
    for part in parts:
        data = part.encode(errors="surrogatepass") if isinstance(part, str) else part  # of a file's name that is not UTF-8
        result.update(f"{len(data)}:".encode() + data)
    return result.hexdigest()


def write_atomically(path: pathlib.Path, content: str | bytes) -> None:
    """Replace `path` in one step: readers see the old content or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def text_of(path: pathlib.Path) -> str:
    """The text of a file of the book. The mark that some editors set before it is no part of it."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BookError(f"{path.relative_to(ROOT)} is not UTF-8 text (byte {error.start + 1}): save it as UTF-8") from None


def point(link: pathlib.Path, target: pathlib.Path) -> None:
    """Make `link` lead to `target`, which lies below the link's folder, in one step; a folder in its place is removed first."""
    if link.is_dir() and not link.is_symlink():
        shutil.rmtree(link)
    temporary = link.with_name(f".{link.name}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target.relative_to(link.parent))
    os.replace(temporary, link)


ANOTHERS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY")


def asked_git(folder: pathlib.Path, *words: str | pathlib.Path) -> tuple[str, str]:
    """What git says of this folder, and why it refuses, where it does. A repository that only lies around the folder, or that the user's environment names, is another's."""
    environment = {name: value for name, value in os.environ.items() if name not in ANOTHERS} | {"GIT_CEILING_DIRECTORIES": str(folder.parent)}
    try:
        said = subprocess.run(["git", "-C", folder, *words], env=environment, capture_output=True, encoding="utf-8", errors="surrogateescape", check=False)
    except OSError as error:
        return "", f"it cannot be run: {error.strerror}"
    return said.stdout, said.returncode and " ".join(said.stderr.split()) or ""


def git(*words: str) -> str:
    """What git says of the book's folder; nothing where there is no git, or no repository."""
    return asked_git(ROOT, *words)[0].strip().encode(errors="surrogateescape").decode(errors="replace")


def git_refusal() -> str:
    """Why git does not tell of the book's folder, though that is a repository: it belongs to another user, there is no git."""
    return asked_git(ROOT, "rev-parse", "--git-dir")[1] if (ROOT / ".git").exists() else ""


_held: list[int] = []


@contextlib.contextmanager
def alone():
    """Hold the tree's build lock; a second build in the same tree is refused."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / "lock", "a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise BookError(
                f"another build (process {lock.read().strip() or 'unknown'}) is at work in this folder: "
                "wait until it ends, or stop it"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _held.append(lock.fileno())
        try:
            yield
        finally:
            _held.remove(lock.fileno())


def let_go() -> None:
    """In a forked child: leave the lock to the parent, which may end first."""
    while _held:
        os.close(_held.pop())


def end_with(pipe: int, end=lambda: os._exit(1)) -> None:
    """Call `end` once the process that holds the other end of this pipe has ended, however it ended."""

    def watch():
        with contextlib.suppress(OSError):
            os.read(pipe, 1)
        end()

    threading.Thread(target=watch, daemon=True).start()
