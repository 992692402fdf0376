"""Break it here: which claims can be executed in a reader's browser, with what, and the runtime that does it (`make live`)."""
