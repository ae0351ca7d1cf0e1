"""The named cases of a counter: hindsight decides what an impossible step was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from metering.rules import Case, RegisterRules

GLITCH_MS = 24 * 3_600_000
"""Within this time the register must come back for the run between to be a glitch."""


@dataclass(slots=True)
class Piece:
    """Energy between two neighbouring good readings."""

    t0: int
    t1: int
    energy_uwh: int
    case: Case
    is_gap: bool


@dataclass(slots=True)
class Resolved:
    """Good pieces of a register in order of time, which readings were a glitch, and where impossible steps stayed."""

    pieces: list[Piece]
    glitches: list[int]
    """Indices of readings that belong to a run the register left again."""
    irregular_ms: list[int]
    """Times of the readings before resets and steps: a later return may turn them into glitches."""


def resolve(rules: RegisterRules, times: Sequence[int], values: Sequence[int], linked: Sequence[int]) -> Resolved:
    """Cut a counter's readings into pieces of energy.

    Parameters
    ----------
    times, values, linked
        Readings in order of device time [ms], [µWh]; `linked` is 1 where thinned-out readings stood between this one and the one
        before, so that the two are no gap apart.
    """
    found = Resolved([], [], [])
    if not times:
        return found
    base = 0
    index = 1
    while index < len(times):
        step = rules.possible_step(times[base], values[base], times[index], values[index])
        if step is None:
            back = _return_of_glitch(rules, times, values, base, index)
            if back is not None:
                found.glitches.extend(range(index, back))
                index = back
                continue
            found.irregular_ms.append(times[base])
            step = _reset(rules, times[base], times[index], values[index]) if values[index] < values[base] else None
            if step is None:
                step = _step_removed(rules, found.pieces, times[base], times[index])
        is_gap = times[index] - times[base] > rules.gap_ms and not (linked[index] and base == index - 1)
        _add_pieces(rules, found.pieces, times[base], values[base], times[index], values[index], step, is_gap)
        base = index
        index += 1
    return found


def _return_of_glitch(rules: RegisterRules, times: Sequence[int], values: Sequence[int], base: int, away: int) -> int | None:
    """Index of the reading at which the register is back: by an impossible step in the opposite direction, to a possible value."""
    went_up = values[away] > values[base]
    for index in range(away + 1, len(times)):
        if times[index] - times[base] > GLITCH_MS:
            return None
        comes_back = values[index] < values[index - 1] if went_up else values[index] > values[index - 1]
        if not comes_back:
            continue
        if rules.possible_step(times[base], values[base], times[index], values[index]) is None:
            continue
        if rules.possible_step(times[index - 1], values[index - 1], times[index], values[index]) is None:
            return index
    return None


def _reset(rules: RegisterRules, t0: int, t1: int, v1: int) -> tuple[int, Case] | None:
    """The register began again at zero: the new value was counted since the last reading, if it can have been."""
    return (v1, Case.RESET) if rules.is_possible(v1, t1 - t0, v1) else None


def _step_removed(rules: RegisterRules, pieces: Sequence[Piece], t0: int, t1: int) -> tuple[int, Case]:
    """What no energy can explain is not booked; what flowed meanwhile is taken from the power just before."""
    for piece in reversed(pieces):
        if piece.case is Case.REGISTER and piece.t1 > piece.t0:
            estimated = piece.energy_uwh * (t1 - t0) // (piece.t1 - piece.t0)
            return min(estimated, rules.greatest_uwh(t1 - t0)), Case.STEP_REMOVED
    return 0, Case.STEP_REMOVED


def _add_pieces(
    rules: RegisterRules, pieces: list[Piece], t0: int, v0: int, t1: int, v1: int, step: tuple[int, Case], is_gap: bool
) -> None:
    energy, case = step
    exchange = rules.exchange_between(t0, t1) if case is Case.EXCHANGE else None
    if exchange is None:
        pieces.append(Piece(t0, t1, energy, case, is_gap))
        return
    # The protocol's two readings count as good ones at the instant of the exchange.
    before, after = exchange.final_uwh - v0, v1 - exchange.start_uwh
    pieces.append(Piece(t0, exchange.at_ms, before, case, exchange.at_ms - t0 > rules.gap_ms))
    if t1 > exchange.at_ms:
        pieces.append(Piece(exchange.at_ms, t1, after, case, t1 - exchange.at_ms > rules.gap_ms))
