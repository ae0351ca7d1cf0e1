"""What production jobs draw and when they really ran, learned from meters and machines.

In: orders, quarter hours of the machines' meters, states and counts of their controls.  Out: powers of jobs (`domain.job_power`), and orders with their real start and end.
Start reading at `learning`.
"""
