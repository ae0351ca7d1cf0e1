"""How much to hold or to give back in a quarter hour: what is expected of it, with a margin, against the level to stay below.

One rule does not fit all loads: where the load jumps and falls again, holding much costs nothing; on a plateau what comes back makes the peak.
Which of `RULES` is followed is learned from what each would have reached in the periods before.
"""

from __future__ import annotations

from dataclasses import dataclass

from governor.flexibility import Flexibility

_SMALLEST = 0.005
"""Of what can be held: less is not worth a block where something is held in this quarter hour already, or comes back."""
_UNDONE = 0.9
"""Of what was advised in this quarter hour: can still be given back at its last decision."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Margins are in spreads: the usual size of what the expected mean is off by, in cases like the running one.

    Attributes
    ----------
    above_least
        Where between the period's least peak (0) and its highest planned quarter hour (1) the level lies.
    first_margin, last_margin
        Of a hold, at the first and at the last minute of decision; straight between.
    back_margin, back_below
        What is given back keeps so many spreads, and this share of the level, below it.
    ahead
        Share by which the quarter hours that follow are expected higher than the lines say.
    least
        Of what can be held: for less nobody is asked, unless something is held in this quarter hour already.
    """

    above_least: float
    first_margin: float
    last_margin: float
    back_margin: float
    back_below: float
    ahead: float
    least: float

    def margin(self, place: float) -> float:
        """Of a hold, `place` of the way from the first minute of decision (0) to the last (1) [spreads]."""
        return self.first_margin + (self.last_margin - self.first_margin) * place


LEAST_PEAK_MARGIN = 1.0
"""Spreads by which the running quarter hour is taken higher where the least peak that can still be reached is looked for."""
RULES = (
    Rule(above_least=0.13, first_margin=0.93, last_margin=2.08, back_margin=1.90, back_below=0.044, ahead=0.060, least=0.02),
    Rule(above_least=0.37, first_margin=3.50, last_margin=3.04, back_margin=1.76, back_below=0.026, ahead=0.076, least=0.06),
)
"""The first is followed at first: it holds what is likely and gives back soon. The second aims higher and holds on a suspicion."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A minute of decision; powers are means of the quarter hour [kW].

    Attributes
    ----------
    expected_kw, spread_kw
        Mean of the load if nothing were held, and by how much that is usually off.
    due_kw
        What comes back by itself in this quarter hour.
    requested_kw
        What is held in it already, by advice of earlier minutes.
    owed_kw
        What could be given back beside that.
    level_kw
        What the quarter hour should stay below.
    minute, place
        Minutes that are over, and how far between the first minute of decision (0) and the last (1).
    """

    expected_kw: float
    spread_kw: float
    due_kw: float
    requested_kw: float
    owed_kw: float
    level_kw: float
    minute: int
    place: float

    @property
    def projected_kw(self) -> float:
        """Mean of the quarter hour with all that is advised by now."""
        return self.expected_kw + self.due_kw - self.requested_kw


def shift_kw(rule: Rule, moment: Moment, flexibility: Flexibility) -> float:
    """What to hold (above zero) or to give back (below zero), as the mean of the quarter hour [kW]; 0.0: nothing."""
    possible = flexibility.share * moment.expected_kw
    short = moment.projected_kw + rule.margin(moment.place) * moment.spread_kw - moment.level_kw
    if short > 0:
        held = min(short, flexibility.most_kw(moment.expected_kw, moment.minute, moment.requested_kw))
        return held if held > (_SMALLEST if moment.requested_kw else rule.least) * possible else 0.0
    if moment.place < 1:
        return 0.0
    room = moment.level_kw * (1 - rule.back_below) - moment.projected_kw - rule.back_margin * moment.spread_kw
    back = min(room, moment.owed_kw + _UNDONE * moment.requested_kw)
    return -back if back > _SMALLEST * possible else 0.0
