"""Of what single watches find, the anomalies that people see: one for what belongs together, silent on what was reported as normal.

In: findings and feedback of a site.  Out: `Anomaly` records, each growing by revisions, and rejections of feedback that has no effect.
"""
