"""Sheets of scrap and rework into records on `energy.quality.v1`: what people write down, and what other programs export.

In: CSV, XLSX or objects of an API, with headings of their own.  Out: records to send, or what is wrong with a row. One row never stops the others.
"""
