"""The fault campaign: one real stack, readings that never stop, and one fault after the other.

In: how many kills, a seed.  Out: what each fault cost: time to recover, readings lost, rows that differ from an undisturbed run.
"""
