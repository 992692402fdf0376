"""Drives a page with live claims as a reader does."""

WAIT = 300_000  # milliseconds, on any machine


class Panel:
    """The editor of one claim, opened."""

    def __init__(self, page, number):
        self.page, self.name = page, f"#live-{number}"
        button = page.locator(f".live-open[data-claim='{number}']")
        if button.get_attribute("aria-expanded") != "true":
            button.click()
        page.wait_for_selector(self.name)
        self.panel = page.locator(self.name)

    def close(self):
        self.page.locator(f"[aria-controls={self.name[1:]}]").click()

    def run(self, wait=True):
        self.panel.locator(".live-run").click()
        return self.verdict() if wait else None

    def suggestions(self):
        return self.panel.locator(".live-suggestion")

    def suggest(self, number):
        """Take the suggestion; returns the verdict."""
        self.suggestions().nth(number).click()
        return self.verdict()

    def verdict(self):
        """What is said once the run is over."""
        self.page.wait_for_function("name => !document.querySelector(`${name} .live-run`).disabled", arg=self.name, timeout=WAIT)
        return self.panel.locator(".live-status").inner_text()

    def button(self, name):
        return self.panel.get_by_role("button", name=name, exact=True)

    def printed(self):
        return self.panel.locator(".live-result pre").first.inner_text().strip("\n")

    def editor(self):
        """The claim's own cell."""
        return self.panel.locator(".live-code").last

    def write(self, source):
        self.editor().fill(source)
