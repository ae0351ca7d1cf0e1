"""The components of a tariff, one file each: dataclass, reading, checks, bill lines, marginal price.

A new component is one new file here; `billing.kinds` finds it. Nothing else of `billing/` knows a kind of component.
"""
