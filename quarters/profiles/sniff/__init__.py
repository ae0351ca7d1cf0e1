"""How a load profile of somebody else is to be read: proposed from evidence in the file, read by the strict rules, asked where two readings are possible.

In: a file of a grid operator, a logger or a spreadsheet.  Out: a `Reading` with what it assumes and why, or the `Question`s that only a person
can answer; then the same `LoadSeries` as of a file in our own form.

`propose.py` puts the parts together: `grids.py` (text, delimiter, workbook sheets), `tables.py` (heading, footers, columns), `wide.py` (a day a row),
`marks.py` (decimal mark), `units.py`, `spelling.py` (stamps as others write them), `clocks.py` (order of dates, label, zone). `read.py` reads.
"""
