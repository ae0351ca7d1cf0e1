"""Flink jobs: one table (``jobs.py``) of which topics go through which room's step, and what feeds the steps.

In: topics of `domain.topics`.  Out: topics of `domain.topics`.  The JVM reads, dates, guards the watermark and groups; Python
gets one row per key and bucket with every record in it, decodes, steps and stores its state as bytes.
"""
