"""The letters of charts: one font, in which the converter measures and which each picture carries."""

import base64
import io
import json
import re

import pytest
from fontTools.ttLib import TTFont

from builder import letters
from builder.files import ROOT, BookError
from builder.render import lettering
from builder.render.pictures import picture

CHART = {
    "data": {"values": [{"x": 0, "y": 1}, {"x": 1, "y": 2}]},
    "mark": "point",
    "title": {"text": "Bold & “quoted”", "fontWeight": "bold"},
    "encoding": {"x": {"field": "x", "type": "quantitative", "title": "Größe"}, "y": {"field": "y", "type": "quantitative"}},
}


def carried(svg):
    """The characters of each weight whose outlines a picture carries."""
    found = re.findall(r'font-weight:(\d+);src:url\(data:font/woff;base64,([^)]+)\)', svg)
    return {int(weight): {chr(code) for code in TTFont(io.BytesIO(base64.b64decode(content))).getBestCmap()} for weight, content in found}


def test_a_picture_carries_the_letters_of_its_texts():
    svg = picture(json.dumps(CHART), "light")
    assert 'font-family="Book Sans, system-ui, sans-serif"' in svg
    letters = carried(svg)
    assert set("Bold&“quoted”") <= letters[700] and set("Größe") <= letters[400], letters
    assert "z" not in letters[700], "only those"


def test_the_same_picture_each_time():
    assert picture(json.dumps(CHART), "light") == picture(json.dumps(CHART), "light")


def test_the_converter_measures_in_the_books_font():
    """A vertical axis leaves room for its labels, as wide as they are."""
    axis = {"labelExpr": "'mmmmmmmmmmmmmmmm'", "labelLimit": 0, "title": None}
    svg = picture(json.dumps(CHART | {"encoding": CHART["encoding"] | {"y": {"field": "y", "type": "nominal", "axis": axis}}}), "light")
    font = letters.face()
    label = 16 * font["hmtx"]["m"][0] * 14 / font["head"].unitsPerEm
    begins = float(re.search(r'translate\(([\d.]+),', svg)[1])
    assert label < begins < label + 25, "of the system's fonts an m is a sixth wider"


def test_a_font_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setattr(letters, "option", lambda name, otherwise=None: "book/_static/nowhere.woff")
    with pytest.raises(BookError, match="nowhere.woff as `chart_font`.*none"):
        letters.source()


def test_a_file_that_is_no_font_is_named(monkeypatch):
    monkeypatch.setattr(letters, "option", lambda name, otherwise=None: "README.md")
    with pytest.raises(BookError, match="README.md as `chart_font`.*no font"):
        lettering.family()


def test_without_a_font_of_its_own_a_book_takes_the_systems(monkeypatch):
    monkeypatch.setattr(letters, "option", lambda name, otherwise=None: otherwise)
    assert lettering.family() == "system-ui, sans-serif"
    assert lettering.carries_letters("<svg><text>a</text></svg>") == "<svg><text>a</text></svg>"


def test_a_font_that_was_cut_has_another_name():
    """The licence of Source Sans, Source Serif and Source Code wants it."""
    font = TTFont(ROOT / "book" / "fonts" / "sans.woff")
    names = [str(record) for record in font["name"].names if record.nameID in (1, 3, 4, 6, 16, 25)]
    assert names and not any("source" in one.lower() for one in names)
