"""The document as one HTML page that needs nothing beside it."""

from __future__ import annotations

from html import escape
from io import StringIO

from matplotlib import rc_context

from analysis.show.blocks import Block, Cards, Document, Heading, Picture, Text, TextTable

STYLE = """
:root { color-scheme: light; --ink: #1c2429; --soft: #5d676d; --accent: #1f4e5f; --warm: #c2571a; --line: #d5dde0; --paper: #ffffff; --ground: #f3f5f3 }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif }
main { max-width: 1020px; margin: 0 auto; padding: 24px 20px 60px; background: var(--paper) }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere }
h2 { font-size: 1.15rem; color: var(--accent); margin: 2.2rem 0 .6rem; border-bottom: 2px solid var(--line); padding-bottom: 4px }
p { margin: .5rem 0; max-width: 76ch }
.quiet, .subtitle { color: var(--soft); font-size: .92rem }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 12px; margin: 12px 0 }
.card { border: 1px solid var(--line); border-top: 4px solid var(--accent); padding: 12px 14px; background: var(--paper) }
.loud .card { border-top-color: var(--warm); background: #fdf6f0 }
.card h3 { font-size: .95rem; margin: 0; font-weight: 600 }
.card .figure { font-size: 1.5rem; font-weight: 700; margin: 4px 0; font-variant-numeric: tabular-nums }
.card p { margin: 0; font-size: .9rem; color: var(--soft) }
figure { margin: 14px 0; overflow-x: auto }
figure svg { width: 100%; min-width: 620px; height: auto; display: block }
.scroll { overflow-x: auto; margin: 12px 0 }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; min-width: 60% }
th, td { padding: 5px 10px; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
th { background: #e8eff2; font-weight: 600 }
.n { text-align: right }
td.n { white-space: nowrap }
@media print { body { background: none } main { max-width: none } figure svg { min-width: 0 } }
"""


def html_page(document: Document) -> str:
    """The whole page."""
    body = "\n".join(_html(block) for block in document.blocks)
    return (
        f'<!doctype html>\n<html lang="{document.language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<h1>{escape(document.title)}</h1>\n<p class="subtitle">{escape(document.subtitle)}</p>\n{body}\n</main>\n</body>\n</html>\n'
    )


def svg_of(picture: Picture, as_text: bool) -> str:
    """A picture as SVG; with its words as text, for a browser's fonts, or as shapes, for paper."""
    out = StringIO()
    with rc_context({"svg.fonttype": "none" if as_text else "path", "svg.hashsalt": "lastgang", "font.family": "sans-serif"}):
        picture.figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _html(block: Block) -> str:
    match block:
        case Heading(text):
            return f"<h2>{escape(text)}</h2>"
        case Text(text, is_quiet):
            return f'<p class="quiet">{escape(text)}</p>' if is_quiet else f"<p>{escape(text)}</p>"
        case Cards(cards, is_loud):
            inner = "".join(
                f'<div class="card"><h3>{escape(card.title)}</h3><div class="figure">{escape(card.figure)}</div><p>{escape(card.text)}</p></div>'
                for card in cards
            )
            return f'<div class="cards{" loud" if is_loud else ""}">{inner}</div>'
        case TextTable(header, rows, numeric):
            return f'<div class="scroll"><table><thead>{_row(header, numeric, "th")}</thead><tbody>{"".join(_row(row, numeric, "td") for row in rows)}</tbody></table></div>'
        case Picture(_, shows):
            svg = svg_of(block, as_text=True).replace("<svg", f'<svg role="img" aria-label="{escape(shows, quote=True)}"', 1)
            return f'<figure>{svg}<figcaption class="quiet">{escape(shows)}</figcaption></figure>'


def _row(cells: tuple[str, ...], numeric: frozenset[int], tag: str) -> str:
    scope = ' scope="col"' if tag == "th" else ""
    return (
        "<tr>"
        + "".join(f"<{tag}{scope}{' class=n' if n in numeric else ''}>{escape(cell)}</{tag}>" for n, cell in enumerate(cells))
        + "</tr>"
    )
