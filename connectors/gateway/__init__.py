"""The gateway: reads a plant's devices and hands every reading to Kafka, over a buffer on disk.

In: a plant folder (`fleet.py`).  Out: `domain.readings.Reading` on ``energy.readings.v1``, keyed by meter, with heartbeats and
changes of connection.  What was received is in the buffer or on the topic, whatever is killed (`buffer.py`, `sender.py`).
"""
