"""Which job to run when and where, which shifts to open and who works them, at least cost within hard rules.

In: a planning problem (`problem`, read by `reading`). Out: an answer (`answer`): a plan and what it costs, or why there is none.

`rules` has one file a hard rule, `cost` one a line of the cost. `construct` finds a first plan in milliseconds, `search` a cheaper one until the
time is over: chains of `annealing` (ruin and recreate on a `board`), merges of what they found (`exact`), `neighbourhoods` for the solver.
`conflicts` and `relaxations` explain where there is no plan.
"""
