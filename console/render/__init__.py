"""Views to markup and chart options: every text escaped, every colour a name of the style sheet.

In: view models and words.  Out: `Markup` and dictionaries for ECharts. Pure.
"""
