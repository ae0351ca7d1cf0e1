"""The detectors of `detection/streams` and further watches in the live job: quarter hours of one meter in, findings out.

In: live and imported quarter hours in order of time, the shift calendar, what other watches have reported of the meter.  Out: `Anomaly` records.
`watch.py` drives all of it; each file beside it watches for one thing.
"""
