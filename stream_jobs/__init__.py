"""Flink jobs: one folder a job, with the pure part in ``logic.py`` and the thin Flink part in ``job.py``.

In: topics of `domain.topics`.  Out: topics of `domain.topics`.  The JVM reads, dates, guards the watermark and groups; Python
gets one row per key and bucket with every record in it, decodes, steps and stores its state as bytes.
"""
