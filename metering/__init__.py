"""Registers to quarter hours that can be trusted, and the projection of the running one.

In: the plant file and `domain.readings.Reading`, in any order of arrival.  Out: `domain.intervals.Interval` with quality, method,
coverage and revision; `domain.readings.Rejection` for every reading that was not used; `domain.demand.Demand`.

`engine` is the step a meter; `cases` names what can happen between two readings of a counter; `counter` and `gauge` keep the
readings that may still matter; `like_days` divides long gaps; `running` follows the quarter hour that has not ended yet.
"""
