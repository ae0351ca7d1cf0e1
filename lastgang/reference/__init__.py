"""Reference pages of every file that a person writes, made from what reads these files.

In: the pydantic models of plant, stack, devices and profiles; the reader of tariffs; the command line.  Out: Markdown for ``docs/reference``.
Examples come from `complete_plant/`, a plant that uses every key.
"""
