"""Registers to quarter hours: resets, rollovers, exchanges, glitches, gaps, substitutes, restatement; the running quarter hour.

In: readings of one meter in the order of their arrival, and how far the site's event time has come.  Out: quarter hours with
quality, method and revision, and rejections with the original.  Pure: no clock, no socket; the order of arrival does not change the
final table.
"""
