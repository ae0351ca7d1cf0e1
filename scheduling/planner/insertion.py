"""The step that the constructive rule and the search share: put one job where it adds least to the cost and breaks no rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scheduling.planner.board import Board
from scheduling.planner.tables import Choice


@dataclass(frozen=True, slots=True)
class Taste:
    """How a job is placed: `noise_eur` blurs costs, `move_eur` is an extra price of a change where few are left."""

    noise_eur: float = 0.0
    move_eur: float = 0.0


@dataclass(frozen=True, slots=True)
class Offer:
    """A choice for a job and what it adds to the cost."""

    choice: Choice | None
    added_eur: float


def best_offer(board: Board, job: int, taste: Taste, random: np.random.Generator | None = None) -> Offer | None:
    """The choice of a job that adds least; None where the rules leave none."""
    tables, best, best_rank = board.tables, None, np.inf
    current = tables.current.get(job)
    if board.may_skip(job):
        best = Offer(None, tables.skip_eur[job] or 0.0)
        best_rank = best.added_eur + taste.move_eur * tables.is_moved(job, None)
    for number in tables.of_job[job]:
        way = tables.ways[number]
        is_open = board.open_starts(way)
        first = int(is_open.argmax()) if len(is_open) else 0
        if not len(is_open) or not is_open[first]:
            continue
        starts = slice(first, len(is_open) - int(is_open[::-1].argmax()))
        added_eur = board.flows.added_eur(way, starts)
        rank = np.where(is_open[starts], added_eur, np.inf)
        if taste.move_eur and job in tables.current:
            rank += taste.move_eur
            if current is not None and current.way == number and starts.start <= current.start < starts.stop:
                rank[current.start - first] -= taste.move_eur
        if random is not None and taste.noise_eur:
            rank += random.random(len(rank)) * taste.noise_eur
        place = int(rank.argmin())
        if rank[place] < best_rank:
            best, best_rank = Offer(Choice(number, first + place), float(added_eur[place])), float(rank[place])
    return best
