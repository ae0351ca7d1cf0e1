"""What flows through Lastgang: records, topics, the plant file, calendars and clocks.

In: nothing of ours.  Out: frozen dataclasses that every other room uses, and the codec that puts them on a topic.
Instants are aware UTC datetimes ending in ``_utc``; intervals are half open and labelled by their start; consumption is
positive; energy is counted in whole micro-watt-hours (``_uwh``), so sums are exact.
"""
