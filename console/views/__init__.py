"""What each page shows, decided without a browser.

In: a `Scene` (plant, ledger, live picture, the plant's time).  Out: frozen view models with numbers, instants and choices; no
texts of any language, no markup.
"""
