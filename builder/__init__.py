"""What makes a book of notebooks: executes the chapters, renders the site, checks each cell. `python -m builder --help` lists the commands.

Modules import downwards only: files < chapters < letters < requirements < execute < doubt < live < render < pages, paper, compare < __main__ (`make test` checks it).
The builder knows no chapter; what is particular to a book stands in its `_config.yml`, under `builder`.
"""
