"""One load profile, without anything else known of the plant: which peaks make the bill, what cutting them saves, what runs at night.

In: quarter hours of one meter, price sheets.  Out: an `Analysis` of figures; each euro is the difference of two bills.  Start reading at
`answer.py`. `lastgang analyse` and the page *Analyse* show it.
"""
