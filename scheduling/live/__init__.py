"""From what is known of a plant to a planning problem, and from a plan back to recommendations.

In: plant, orders, learned powers, the calendar of shifts, a forecast, prices.  Out: a `Problem` for `scheduling.planner`, and of its
`Plan` the changes that hold against what is known by then. Everything here is pure, and the same input gives the same answer.
"""
