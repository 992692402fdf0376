"""Make the site from the executions: run Sphinx over the pages, deliver what it wrote, and put the site in place in one step."""
