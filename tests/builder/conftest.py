"""The small book, executed and rendered once in each test process.

A test gets it as it was then, at the same place, for Sphinx knows its pages by their paths.
"""

import shutil

import psutil
import pytest
from small import SmallBook


@pytest.fixture(scope="session")
def shelf(tmp_path_factory):
    """The small book in three states: written, executed, rendered; and the place where each test works on a copy."""
    folder = tmp_path_factory.mktemp("small")
    place = folder / "book"
    place.mkdir()
    small = SmallBook(place)
    shutil.copytree(place, folder / "written", symlinks=True)
    small.mended()
    shutil.copytree(place, folder / "executed", symlinks=True)
    small.render()
    shutil.copytree(place, folder / "rendered", symlinks=True)
    return folder


def taken_from(shelf, state):
    place = shelf / "book"
    shutil.rmtree(place)
    shutil.copytree(shelf / state, place, symlinks=True)
    return SmallBook.at(place)


def put_back(small):
    """A test that failed leaves no process behind, for the next one would meet it."""
    for process in small.processes():
        process.kill()
    psutil.wait_procs(small.processes(), timeout=60)


@pytest.fixture
def small(shelf):
    found = taken_from(shelf, "written")
    yield found
    put_back(found)


@pytest.fixture
def built(shelf):
    found = taken_from(shelf, "executed")
    yield found
    put_back(found)


@pytest.fixture
def rendered(shelf):
    found = taken_from(shelf, "rendered")
    yield found
    put_back(found)
