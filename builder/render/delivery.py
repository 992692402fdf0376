"""How a page reaches the reader: one stylesheet, scripts after the text, no other host, and a policy that says so.

The theme's stylesheets become one file, without the rules that no page can use. Its icon fonts and icon script (1 MB) become the dozen icons that the pages use. What the
book does not use (Thebe, toggle buttons, tabs) is not sent. Each page carries a Content-Security-Policy that allows scripts of this
site and the page's own inline ones by their hash, and no evaluation of text as code.
"""

import base64
import hashlib
import pathlib
import re
import shutil

import bs4
import tinycss2

from ..files import BookError, digest
from .drawn import drawn
from .heights import with_heights
from .palette import styles as palette
from .pictures import size

THEME = ("basic.css", "styles/theme.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css", "copybutton.css", "mystnb.*.css")
OWN = ("live.css", "book.css")
DRAWN = ("charts", "vendor")  # folders of scripts that set no class of the theme
ICONS = {
    "solid": ["angle-left", "angle-right", "arrow-up", "bars", "list", "magnifying-glass", "download", "expand", "file", "file-pdf", "lightbulb",
              "rocket", "circle-half-stroke", "moon", "sun", "xmark", "up-right-from-square", "chevron-down", "chevron-right", "house"],
    "brands": ["github"],
}  # fmt: skip
UNUSED = ("scripts/fontawesome.js", "scripts/fontawesome.js.map", "vendor/fontawesome", "sphinx-thebe.js", "sphinx-thebe.css", "webpack-macros.html", "searchtools.js", "sphinx_highlight.js", "language_data.js", "sbt-webpack-macros.html")
PDF = '<span class="pdf">one PDF</span>'  # what pages say of it before it is there (paper.py)
POLICY = (
    "default-src 'self'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'"
)


def icon_styles(script: str) -> str:
    """CSS that draws the icons in the text's colour, from the paths in Font Awesome's own file (CC BY 4.0)."""
    rules = [
        ".fa-solid,.fas,.fab,.fa-brands{display:inline-block;width:1em;height:1em;vertical-align:-.125em;background:currentColor;"
        "-webkit-mask:var(--icon) center/contain no-repeat;mask:var(--icon) center/contain no-repeat}",
        # A mask is filled by the background, which high contrast replaces by its own ground.
        "@media (forced-colors:active){.fa-solid,.fas,.fab,.fa-brands{forced-color-adjust:none;background:ButtonText}}",
        ".fa-solid::before,.fas::before,.fab::before,.fa-brands::before{content:none!important}",
    ]
    for names in ICONS.values():
        for name in names:
            found = re.findall(rf'[{{,]"?{name}"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","(M[^"]+)"', script)
            if found:
                width, height, path = found[-1]
                svg = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}'><path d='{path}'/></svg>"
                data = base64.b64encode(svg.encode()).decode()
                rules.append(f".fa-{name}{{--icon:url(data:image/svg+xml;base64,{data})}}")
    return "\n".join(rules)


WORD = re.compile(r"[A-Za-z_][\w-]*")
NAMING = re.compile(r"""[A-Za-z_]\w*-[\w-]*|(?<=["'` .#])[A-Za-z_]\w*(?=["'` .:,>\[])""")  # in a script: with a hyphen, or as it stands in quotes, one of several or in a selector
VALUE = r"""(?:[^;{}"'()]|"[^"]*"|'[^']*'|\((?:[^()]|\([^()]*\))*\))*"""
VARIABLE = re.compile(rf"(?<=[;{{\s])(--[\w-]+)\s*:{VALUE}(?:;|(?=}}))")
FRAMES = re.compile(r"@(?:-webkit-)?keyframes\s+([\w-]+)\s*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")


def scripts(site: pathlib.Path) -> dict[pathlib.Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in site.rglob("*.js") if path.name != "search-entries.js"}


def pages(site: pathlib.Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in site.rglob("*.html")]


def words(site: pathlib.Path) -> set[str]:
    """Every word of the pages and scripts: a class or id that is none of them cannot occur."""
    return {word for text in [*pages(site), *scripts(site).values()] for word in WORD.findall(text)}


def names(site: pathlib.Path) -> set[str]:
    """Every class and id of the pages, and every word of a script that may be one in quotes: of the theme's classes those that an element can have."""
    found = {word for path, script in scripts(site).items() if not set(DRAWN).intersection(path.relative_to(site).parts) for word in NAMING.findall(script)}
    return found | {word for page in pages(site) for text in [*re.findall(r'\b(?:class|id)="([^"]*)"', page), *INLINE.findall(page)] for word in WORD.findall(text)}


def spare(styles: str, *named: str) -> str:
    """The stylesheet without variables that it never reads (nor does a page or script, which would have `named` them), motions that nothing makes, and blanks."""
    while True:
        read = {*re.findall(r"var\(\s*(--[\w-]+)", styles), *named}
        less = VARIABLE.sub(lambda found: found[0] if found[1] in read else "", styles)
        if less == styles:
            break
        styles = less
    moved = " ".join(re.findall(r"animation(?:-name)?\s*:([^;}]*)", styles))
    styles = FRAMES.sub(lambda found: found[0] if found[1] in moved else "", styles)
    return re.sub(r"""("[^"]*"|'[^']*')|\s+""", lambda found: found[1] or " ", styles)


def only_used(styles: str, *known: str) -> str:
    """The stylesheet without the rules that name a class or id which is not among the known ones."""
    return used(tinycss2.parse_stylesheet(styles, skip_comments=True, skip_whitespace=True), set(known))


def dense(declarations: str) -> str:
    """The same without the space between and within lines that says nothing: of the stylesheet, compressed, one part in fifty."""
    lines = re.sub(r"\s*\n\s*", " ", declarations.strip())
    lines = re.sub(r"(^|;)\s*([\w-]+):\s+(?=[^\s;])", r"\1\2:", lines).removesuffix(";")
    return lines if '"' in lines or "'" in lines else re.sub(r",\s+", ",", lines)


def used(rules: list, known: set[str]) -> str:
    """The CSS of those parsed rules that can apply to anything."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = re.split(r",(?![^(]*\))", tinycss2.serialize(rule.prelude))
            named = [re.findall(r"[.#]([A-Za-z_-][\w-]*)", re.sub(r":not\([^)]*\)", "", selector)) for selector in selectors]
            applying = [re.sub(r"\s*([>~,])\s*", r"\1", selector.strip()) for selector, names in zip(selectors, named) if known.issuperset(names)]
            if applying:
                kept.append(f"{','.join(applying)}{{{dense(tinycss2.serialize(rule.content))}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = used(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True), known)
            kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}" if inner else "")
        else:
            kept.append(rule.serialize())
    return "\n".join(kept)


def write_styles(site: pathlib.Path) -> str:
    """Write the one stylesheet; returns what tells its versions apart."""
    static = site / "_static"

    def read(*patterns):
        texts = [path.read_text(encoding="utf-8") for pattern in patterns for path in sorted(static.glob(pattern))]
        return [re.sub(r"@import[^;]*;|@charset[^;]*;|@font-face\{[^}]*(?:Font ?Awesome|Font\\? Awesome)[^}]*\}", "", css) for css in texts]

    def pruned(styles, known):
        return drawn(only_used, styles, *sorted(known.intersection(re.findall(r"[.#]([A-Za-z_-][\w-]*)", styles)))).decode()

    icons = icon_styles((static / "scripts" / "fontawesome.js").read_text(encoding="utf-8"))
    *before, last = read(*OWN)
    theme, own = "\n".join([*read(*THEME), icons]), "\n".join([*before, palette(), last])
    named = {name for text in [*pages(site), *scripts(site).values()] for name in re.findall(r"--[\w-]+", text)}
    styles = f"{pruned(theme, names(site))}\n{pruned(own, words(site))}"
    css = drawn(spare, styles, *sorted(named.intersection(re.findall(r"--[\w-]+", styles))))
    (static / "site.css").write_bytes(css)
    return digest(css)[:8]


def picture_size(site: pathlib.Path, page: pathlib.Path, source: str) -> str:
    """The size attributes of an SVG, so that the text does not move when the picture arrives."""
    path = (page.parent / source).resolve()
    found = size(path.read_text(encoding="utf-8")) if path.suffix == ".svg" and path.is_file() else None
    return f' width="{found[0]:.0f}" height="{found[1]:.0f}" style="--drawn: {found[0]:.0f}px"' if found else ""


def replaced(text: str, old: str, new: str, page: pathlib.Path) -> str:
    """The page with its one `old` replaced; a theme that writes it otherwise is noticed."""
    if old not in text:
        raise BookError(f"{page.name} lacks `{old}`: the theme has changed, look at builder/render/delivery.py")
    return text.replace(old, new, 1)


HEADS = re.compile(r"(<thead>\s*<tr[^>]*>)((?:\s*<th>[^<]*</th>)+)\s*</tr>\s*<tr>((?:\s*<th>[^<]*</th>)+)(?=\s*</tr>\s*</thead>)")


def one_head(match: re.Match) -> str:
    """pandas heads an index that has a name with a row of its own: one row holds both, where no column has two names."""
    rows = [re.findall(r"<th>([^<]*)</th>", row) for row in match.groups()[1:]]
    if len(rows[0]) != len(rows[1]) or any(all(names) for names in zip(*rows)):
        return match[0]
    return match[1] + "".join(f"<th>{name or other}</th>" for name, other in zip(*rows))


INLINE = re.compile(r"<script(?![^>]*\b(?:src|type)=)[^>]*>(.*?)</script>", re.S)


def known_scripts(text: str) -> list[str]:
    """The inline scripts that may run: those of the templates around the article, and in it those that cells tagged `script` display."""
    before, _, rest = text.partition("<article")
    article, _, after = rest.partition("</article>")
    known = INLINE.findall(before + after)
    if INLINE.search(article):
        cells = bs4.BeautifulSoup(article, "html.parser").select(".tag_script .cell_output script:not([src], [type])")
        known += [cell.string for cell in cells]
    return known


def finish_page(site: pathlib.Path, page: pathlib.Path, style_version: str) -> str:
    """Give the page sizes of pictures, scripts after the text, and its policy; returns the text. A page that has its policy is finished already, and the root's own pages have no scripts."""
    text = page.read_text(encoding="utf-8")
    if 'http-equiv="Content-Security-Policy"' in text or page.name in ("index.html", "404.html") and page.parent == site:
        return text
    if "_static/site.css" in text:  # as book/_templates/layout.html has it
        text = text.replace("_static/site.css", f"_static/site.css?v={style_version}")
    else:
        root = "../" * (len(page.relative_to(site).parts) - 1)
        text = replaced(text, "</head>", f'<link rel="stylesheet" href="{root}_static/site.css?v={style_version}"></head>', page)

    def picture(match):
        attributes = match[1]
        source = re.search(r'src="([^"]+)"', attributes)
        if "loading=" not in attributes and source and "logo" not in source[1]:
            attributes += ' loading="lazy" decoding="async"'
            if "width=" not in attributes and "/_images/" in source[1]:
                attributes += picture_size(site, page, source[1])
        return f"<img{attributes}>"

    text = re.sub(r"<img((?:\s[^<>]*?)?)\s*/?>", picture, text)
    text = with_heights(text)
    # In the order of the page, and none of them before the text.
    text = re.sub(r'<script (?!defer|type=)((?:data-[^>]*?)?src="[^"]*")></script>', r"<script defer \1></script>", text)
    text = HEADS.sub(one_head, text)
    # pandas heads its index with an empty heading: it is a cell.
    text = re.sub(r"<th(\s[^>]*)?>\s*</th>", lambda m: f"<td{m[1] or ''}></td>", text)
    # What stands in the sidebar belongs to a landmark.
    text = replaced(text, '<div id="pst-primary-sidebar"', '<div id="pst-primary-sidebar" role="complementary" aria-label="Book"', page)
    # Where no script chooses a theme, it is the light one: colours of code and claims belong to a theme.
    text = replaced(text, '<html lang="en"', '<html lang="en" data-theme="light"', page)
    hashes = {base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() for code in known_scripts(text)}
    policy = POLICY.format(hashes="".join(f" 'sha256-{value}'" for value in sorted(hashes)))
    text = replaced(text, '<meta charset="utf-8" />', f'<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="{policy}">', page)
    page.write_text(text, encoding="utf-8")
    return text


def spare_layout(script: pathlib.Path) -> None:
    """The theme's script without its measuring of every wide box at the start, which lays out the whole page: book.js does it when a box is near."""
    measuring = ".forEach(e=>{e.tabIndex=e.scrollWidth>e.clientWidth||e.scrollHeight>e.clientHeight?0:-1})"
    text = script.read_text(encoding="utf-8")
    if measuring not in text:
        raise BookError(f"{script.name} is not the script that builder/render/delivery.py knows: the theme has changed, look at spare_layout there")
    script.write_text(text.replace(measuring, ""), encoding="utf-8")


def one_drawer(script: pathlib.Path) -> None:
    """On a wide screen the list of chapters is a drawer as on a phone (book.css has no column for it): the theme's other way of hiding it is for those between."""
    between = '"(min-width: 992px)"'
    text = script.read_text(encoding="utf-8")
    if text.count(between) != 1:
        raise BookError(f"{script.name} is not the script that builder/render/delivery.py knows: the theme has changed, look at one_drawer there")
    script.write_text(text.replace(between, '"(min-width: 992px) and (max-width: 1199.98px)"'), encoding="utf-8")


def deliver(site: pathlib.Path) -> None:
    """Make of the pages that Sphinx wrote the site that is served, in place."""
    style_version = write_styles(site)
    spare_layout(site / "_static" / "scripts" / "pydata-sphinx-theme.js")
    one_drawer(site / "_static" / "scripts" / "sphinx-book-theme.js")
    for name in UNUSED:
        path = site / "_static" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    shown = set()
    for page in sorted(site.rglob("*.html")):
        if "_static" not in page.parts:
            shown.update(re.findall(r"[\w.-]+", finish_page(site, page, style_version)))
    for folder in ("_images", "charts", "covers"):  # pictures of earlier builds
        for path in (site / folder).glob("*"):
            if path.name not in shown:
                path.unlink()
