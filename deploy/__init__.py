"""Runs the platform on one machine: broker, Flink session cluster, jobs and services, supervised.

In: a plant folder and its optional ``stack.toml``.  Out: running processes, their logs, and a state file that says which.
Nothing here knows energy; nothing here needs root or a container engine.
"""
