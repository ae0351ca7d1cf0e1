"""Registers to quarter hours that can be trusted, and the projection of the running one.

In: the plant file and `domain.readings.Reading`, in any order of arrival.  Out: `domain.intervals.Interval` with quality, method,
coverage and revision; `domain.readings.Rejection` for every reading that was not used; `domain.demand.Demand`.

Where to begin:

- `engine`: the step of one meter, and what it is made of. `meter_rules` and `rules` are what the plant file says of it.
- `counter`: the rules of a counter, each in its module; `gauge`: the integral of a power gauge. `track` is what both have in common.
- `points`: the readings that may still matter, as columns; `thinning`: which of them may go; `quarantine`: those in doubt.
- `book`: the rows as they were last published; `like_days`: which days divide long gaps.
- Clocks: `intake` (a reading by itself), `misdated` (a clock was set), `clocks` (device clocks, for the gateway), `leaps` (files).
- `state`: what is remembered of a meter; `state_bytes` and `packing`: its bytes.
- Other steps: `running` (the quarter hour that has not ended yet), `virtual` (sums of meters), `tree` (meters above and below each other).
- For people: `table` (a file of readings), `judge` (what would be refused), `set_back` (after a clock was ahead).
"""
