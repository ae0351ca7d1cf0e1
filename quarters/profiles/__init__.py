"""The one strict reader of series over time in CSV files: load profiles, known inputs beside them, prices.

In: a file that somebody exported, plain or gzipped.  Out: starts in rising order on one grid, each with its line and its values, or every fault
with file, line, column, what was found and what was expected. A missing value stays missing; nothing is guessed, filled in or left out.
`sniff` finds out how the file of another program is to be read, or asks; these rules then read it.

`table` reads header, cells and stamps, `grid` checks order, grid, span and resolution, `load` knows our own forms of a load profile. What is
special to one command stands there: the mapping of other programs' columns in `connectors/files`, what a bill needs in `billing/load.py`.
"""
