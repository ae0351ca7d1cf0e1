"""What is abnormal, since when, and what it costs.

In: quarter hours (`Interval`) of one meter, imported history and live.  Out: `Anomaly` records: a machine drawing power while
its shift says off, a counter that jumped, a meter that fell silent, a machine whose power at rest grows from week to week.
History trains and never alarms; each finding is one record that grows by revisions.
"""
