"""Pieces that are no good: counted from what controls show, the energy, money and CO2 that went into them, and a share of them that rises.

In: counters, records of `domain.quality`, quarter hours of the machines' meters, orders.  Out: records of what was made, one account by machine,
product and shift, findings. Start reading at `account`.
"""
