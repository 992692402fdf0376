"""The Sphinx extension of the book: what becomes of the executed chapters on their pages, and what the book says of itself.

Sphinx and its other extensions connect to the same events with priority 500: BEFORE acts before them, AFTER after them, each in the order of
its lines.
"""

from . import charts, claims, contents, doubt, executed, figures, glossary, repository, sharing, theme, typography

BEFORE = (
    ("config-inited", theme.plain_build_elsewhere),
    ("config-inited", theme.read_on_all_cores),
    ("config-inited", theme.calm_code),
    ("config-inited", repository.locate),
    ("config-inited", contents.count),
    ("env-get-outdated", executed.find_outdated),
    ("source-read", executed.put_outputs),
    ("source-read", charts.put_charts),
    ("doctree-read", figures.add_twins),
)
AFTER = (
    ("doctree-read", claims.frame),
    ("doctree-read", typography.keep_together),
    ("doctree-read", glossary.link_terms),
    ("doctree-read", figures.number_figures),
    ("doctree-read", executed.note_execution),
    ("doctree-read", sharing.facts),
    ("doctree-resolved", glossary.define_terms),
    ("doctree-resolved", theme.drop_thebe),
    ("html-page-context", sharing.describe),
    ("html-page-context", theme.choose_scripts),
    ("build-finished", charts.write_bundle),
    ("build-finished", sharing.write_cards_feed_and_sitemap),
    ("build-finished", theme.deliver_plain_build),
)
DIRECTIVES = {"chapters": contents.Chapters, "execution": contents.Execution, "claims-ledger": claims.ClaimsLedger, "doubt": doubt.Doubt}


def setup(app):
    # Off where builder/render delivers the pages itself, from a copy.
    app.add_config_value("deliver_pages", True, "", bool)
    for first, hooks in ((100, BEFORE), (600, AFTER)):
        for place, (event, hook) in enumerate(hooks):
            app.connect(event, hook, priority=first + place)
    for name, directive in DIRECTIVES.items():
        app.add_directive(name, directive)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
