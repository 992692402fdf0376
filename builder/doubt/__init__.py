"""The instrument of doubt: the book breaks its own code on purpose, and tries other seeds, to see how much each claim would notice."""
