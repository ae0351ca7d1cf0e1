"""Day-ahead prices as exchanges and network operators publish them, in files and from services.

In: CSV of our own form, exports of SMARD and of the ENTSO-E transparency platform, its documents A44, or their addresses. Out: the records to
send on `domain.topics.PRICES`, each with what is new in it, or every fault with file, line, field, what was found and what is expected.

Start reading at `reading.read_prices`. `records` decides what is sent; `pull` and `log` touch network and topic.
"""
