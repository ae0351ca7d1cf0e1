"""The demo: the whole platform, for real, against a simulated factory on a fast clock.

In: a seed or a load profile, and how long to run.  Out: a live table, and a summary that compares what the platform published with
what the simulator knows.
"""
