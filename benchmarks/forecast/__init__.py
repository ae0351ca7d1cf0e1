"""How good the forecast is on measured loads, and what it costs.

In: load profiles that lie beside the project (they are not part of it).  Out: a table, JSON, a page with pictures.
"""
