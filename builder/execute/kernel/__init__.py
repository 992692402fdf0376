"""The surroundings in which each chapter runs: its folder, its environment and its kernel, whoever starts the build.

The settings of IPython and matplotlib lie beside this file.
"""

import contextlib
import os
import pathlib
import shutil
import tempfile

from ...chapters import option
from ...files import BUILD, ROOT
from ...letters import folder

FOLDER = pathlib.Path(__file__).parent
# One thread a chapter: chapters run side by side, and sums in one order give one result.
ONE_THREAD = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS",
)  # fmt: skip
# What a chapter gets of the user's environment: where programs and certificates are, and how to reach the network. Nothing else.
PASSED = (
    "PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "USER", "LOGNAME", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
NETWORK = ("PIP_", "UV_")  # settings of these installers, which a chapter may use to reach the network


@contextlib.contextmanager
def sandbox(files: list[pathlib.Path], place: str = "scratch"):
    """A folder with `notebooks/` (the working directory, empty), links to `files` where they lie in the book, and a home of its own, below `_build/{place}`."""
    scratch = BUILD / place
    scratch.mkdir(parents=True, exist_ok=True)
    box = pathlib.Path(tempfile.mkdtemp(dir=scratch))
    try:
        (box / "notebooks").mkdir()
        (box / "home").mkdir()
        places = {box / path.relative_to(ROOT): path for path in files}
        places |= {box / place: ROOT / source for place, source in option("links", {}).items()}
        for link, path in places.items():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
        profile = box / "home" / ".ipython" / "profile_default"
        (profile / "startup").mkdir(parents=True)
        shutil.copy(FOLDER / "ipython_kernel_config.py", profile)
        shutil.copy(FOLDER / "startup.py", profile / "startup")
        if fonts := folder():
            (box / "home" / ".fonts-of-the-book").symlink_to(fonts)
        yield box
    finally:
        shutil.rmtree(box, ignore_errors=True)


def environment(box: pathlib.Path, python: str | os.PathLike) -> dict[str, str]:
    """All environment variables of a chapter's kernel, which is one of `python`: its programs come first on the PATH."""
    kept = {name: value for name, value in os.environ.items() if name in PASSED or name.startswith(NETWORK)}
    return {
        **kept,
        "PATH": os.pathsep.join([str(pathlib.Path(python).parent), kept.get("PATH", os.defpath)]),
        **dict.fromkeys(ONE_THREAD, "1"),
        "HOME": str(box / "home"),
        "XDG_CACHE_HOME": str(BUILD / "cache"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "MATPLOTLIBRC": str(FOLDER / "matplotlibrc"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        **{name: value.format(box=box) for name, value in option("environment", {}).items()},
    }
