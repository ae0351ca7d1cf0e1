"""What advice was worth by measurement, and who made a new peak.

In: quarter hours of the billing meter and of machines' meters, recommendations and decisions, orders as they really ran, powers of jobs, a tariff.
Out: effects of recommendations (`domain.effects`), autopsies of peaks, a running account. Start reading at `measuring`.
"""
