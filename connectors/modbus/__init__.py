"""Modbus TCP: energy meters as data, words to values, values by the block.

In: a device's settings and its profile (`profiles/*.toml`).  Out: values in the profile's own units, each with the reason where
there is none.  Only the two read functions (3 and 4) exist here: nothing in this room can write to a device.
"""
