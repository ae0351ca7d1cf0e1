"""OPC UA: subscriptions to a machine's variables, with their status and times kept.

In: a device's settings (`config.py`).  Out: values with quality, dated by the source; notes where they are dated otherwise.
Only Read, Subscribe and Browse services are used: nothing in this room can write to a machine or call its methods.
"""
