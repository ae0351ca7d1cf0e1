"""Load profiles from files, checked before anything is sent.

In: CSV files of grid operators, loggers and our own exports.  Out: `Interval`s with origin import, and what a person must know about the file.
"""
