"""Pages on a screen: thin widgets around the fragments of ``render``.

In: a `Console` (board, reports, access).  Out: NiceGUI pages that push what has changed about once a second.
"""
