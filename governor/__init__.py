"""Inside the quarter hour: which load to hold back, how much of it and until when, so that the billed peak stays low.

In: the minutes of the running quarter hour, what is planned ahead, what may be held. Out: blocks in which load is held or given back.
Start reading at `governing`.
"""
