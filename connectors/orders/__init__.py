"""Production orders as people hand them in: one validation for files, API and page.

In: rows of cells from a CSV or XLSX file, the API or the page, and the orders that are known.  Out: the revisions to send, and what is wrong
with the other rows: where, what was found, what is expected.

Start reading at `judging.judge`. `sheets` and `template` are the files; everything else decides and touches nothing. What holds for an order
that comes on the topic, too, is in `domain.order_rules`.
"""
