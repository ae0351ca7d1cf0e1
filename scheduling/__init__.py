"""Which job to start when, so that the peak that is billed for a year does not happen.

In: forecasts, orders, decisions, demand and the billing meter's quarter hours of one site, and its tariff.
Out: recommendations, each a contract: what, from, to, why, how sure, what it is worth, until when; afterwards its measured effect.

`problem` says what may be moved, `solve` what is best, `worth` what it saves (``bill(before) - bill(after)``), `explain` why, in
German and English; `step` keeps it stable from forecast to forecast.
"""
