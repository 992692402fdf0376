"""The Sphinx extension of the book: what becomes of the executed chapters on their pages, and what the book says of itself.

Sphinx and its other extensions connect to the same events with priority 500: BEFORE acts before them, AFTER after them, each in the order of
its lines.
"""

import functools
import re

from sphinx.errors import SphinxError

from ..files import BookError
from . import charts, claims, contents, doubt, executed, figures, folds, formulas, glossary, links, live, machines, places, previews, recipes, repository, search, sharing, theme, typography

BEFORE = (
    ("config-inited", theme.plain_build_elsewhere),
    ("config-inited", theme.read_on_all_cores),
    ("config-inited", theme.calm_code),
    ("config-inited", formulas.choose),
    ("config-inited", repository.locate),
    ("config-inited", contents.only_listed),
    ("config-inited", contents.count),
    ("builder-inited", search.no_index_of_words),
    ("builder-inited", live.tell),
    ("env-get-outdated", executed.find_outdated),
    ("env-before-read-docs", previews.remember),
    ("source-read", executed.put_outputs),
    ("source-read", charts.put_charts),
    ("doctree-read", figures.add_twins),
)
AFTER = (
    ("doctree-read", claims.frame),
    ("doctree-read", links.link_claims),
    ("doctree-read", typography.keep_together),
    ("doctree-read", typography.let_headings_break),
    ("doctree-read", glossary.link_terms),
    ("doctree-read", figures.number_figures),
    ("doctree-read", figures.mark_moves),
    ("doctree-read", executed.note_execution),
    ("doctree-read", places.note),
    ("doctree-read", previews.note_links),
    ("doctree-read", contents.put_at_head),
    ("doctree-read", sharing.introduce),
    ("doctree-read", sharing.facts),
    ("doctree-read", sharing.show_once),
    ("doctree-read", sharing.name_card),
    ("doctree-read", sharing.cite),
    ("env-updated", previews.outdated),
    ("doctree-resolved", glossary.mark_terms),
    ("doctree-resolved", previews.add),
    ("doctree-resolved", recipes.box),
    ("doctree-resolved", folds.merge),
    ("doctree-resolved", folds.join_side_roads),
    ("doctree-resolved", claims.fold_ledger),
    ("doctree-resolved", claims.put_beside),
    ("doctree-resolved", claims.hang_lines),
    ("doctree-resolved", typography.let_names_break),
    ("doctree-resolved", theme.drop_thebe),
    ("html-collect-pages", search.page),
    ("html-page-context", sharing.describe),
    ("html-page-context", sharing.compose),
    ("html-page-context", live.add_script),
    ("html-page-context", theme.choose_scripts),
    ("html-page-context", theme.name_links),
    ("build-finished", charts.write_bundle),
    ("build-finished", live.write_runtime),
    ("build-finished", sharing.write_cards_feed_and_sitemap),
    ("build-finished", sharing.write_root_and_404),
    ("build-finished", machines.write_for_machines),
    ("build-finished", search.write_entries),
    ("build-finished", theme.deliver_plain_build),
)
DIRECTIVES = {"chapters": contents.Chapters, "execution": contents.Execution, "head": contents.Head, "claims-ledger": claims.ClaimsLedger, "doubt": doubt.Doubt, "hero": sharing.Hero, "holds": sharing.Holds}


def naming(event, hook):
    """The hook, with the page in the message of its faults."""

    @functools.wraps(hook)
    def named(app, *arguments):
        try:
            return hook(app, *arguments)
        except (BookError, SphinxError):
            raise
        except Exception as error:
            pages = [one for one in arguments if isinstance(one, str) and re.match(r"[\w-]+/[\w-]+$", one)]
            page = pages[0] if pages else app.env.docname if event == "doctree-read" else "the pages"
            raise BookError(f"{page}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else hook.__name__}, in {hook.__module__}") from error

    return named


def setup(app):
    # Off where builder/render delivers the pages itself, from a copy.
    app.add_config_value("deliver_pages", True, "", bool)
    for first, hooks in ((100, BEFORE), (600, AFTER)):
        for place, (event, hook) in enumerate(hooks):
            app.connect(event, naming(event, hook), priority=first + place)
    app.add_html_math_renderer("mathml", (formulas.inline, None), (formulas.block, None))
    app.add_node(theme.HideCodeCellNode, html=(theme.visit_folded, theme.depart_HideCellInput), override=True)
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
