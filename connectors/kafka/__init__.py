"""Kafka for gateways, sinks and consoles: records in, records out, keyed and partitioned as `domain.topics` says.

In: records of `domain`.  Out: records with the place they came from (topic, partition, offset, time on the log).
"""
