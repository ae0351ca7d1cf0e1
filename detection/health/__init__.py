"""Health of machines: minutes of their gauges in, a record each quarter hour and findings of wear out.

`step.py` is the step, `watch.py` one machine, `rows.py` puts its minutes together, `model.py` learns an operating state, `trend.py` says where a
channel is going, `incident.py` when something is published.
"""
