"""What only the whole site shows: machines that idle without a job, what rests cost, starts that fall together, heating against cooling,
pressure that is too high, and how machines could be set at less energy.

In: quarter hours of all machines with a meter of their own and of the billing meter, orders, shift changes, what jobs draw, what set points
show, decisions.  Out: findings (`Anomaly`), and advice on settings (`Recommendation`). History trains and never alarms.
"""
