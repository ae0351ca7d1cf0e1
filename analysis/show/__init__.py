"""An analysis for people.

In: an `Analysis`, the words of a language.  Out: one document of headings, figures, tables and pictures (`document.py`), and that as a page
(`page.py`), on paper (`paper.py`) and in a terminal (`terminal.py`). Its words are chosen in one place, so all three state the same.
"""
