"""Trials of the whole platform on one machine: how fast, and what survives.  In: nothing.  Out: tables for people, JSON."""
