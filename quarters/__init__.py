"""The quarter hour as an algebra: numbers, qualities, local periods, net, sums, remainders, peaks, gaps, what a series knows, the what-if
year, load profiles in files. Pure, but for `profiles`, which reads the file that it is given.

In: quarter hours as records of `domain/`, of the ledger, a topic or a file.  Out: figures that page, report, command line, InfluxDB and API
show. A question about quarter hours is answered here and nowhere else, so two places cannot answer it differently.

Two rules that every room rests on:

- **A channel without a row leaves the net energy unknown** (`net`): an export that nobody recorded is not an export of zero. What is
  unknown for this reason says which channel it lacks.
- **A faulty quarter hour is consumption and never a maximum** (`peaks`): its energy is in every sum, so that the sum equals the advance of
  the register; no highest quarter hour, billed peak or base of a forecast is taken from it.
"""
