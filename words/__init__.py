"""The room that writes sentences: texts by language, and numbers, dates and sentences as that language writes them.

In: keys and values.  Out: text for people: of the page, the report, the API, the InfluxDB sink and the demo's terminal.

A language is one file, ``languages/<code>.toml``; whatever it needs stands in it (texts, marks of numbers, forms of dates).
Imports nothing but `domain`.
"""
