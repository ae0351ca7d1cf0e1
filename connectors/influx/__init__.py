"""The topics in InfluxDB 2, for Grafana. In: records of `domain`. Out: points, safe to write again.

InfluxDB overwrites; the ledger of record is `reporting`'s.
"""
