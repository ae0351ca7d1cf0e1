"""Which of several decisions on one recommendation counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.recommendations import Action, Decision, DecisionKind, Recommendation, RecommendationStatus, deciding
from tests.advised import places

NOON = datetime(2026, 10, 23, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ACCEPTED, REJECTED = DecisionKind.ACCEPTED, DecisionKind.REJECTED
OPEN = Recommendation(
    "works", "A-1", 1, RecommendationStatus.OPEN, NOON, NOON, NOON + timedelta(hours=2), Action.MOVE_JOB,
    places("A", "furnace-1", NOON + timedelta(hours=3)), places("A", "furnace-1", NOON + timedelta(hours=5)),
    NOON + timedelta(hours=3), 640.0, 520.0, 120.0, None, None, None, None, None, 0.9,
)  # fmt: skip


def decision(by, kind, after=MINUTE, **changes):
    return replace(Decision("works", "A-1", kind, by, NOON + after), **changes)


def test_of_two_people_at_once_the_first_in_the_log_has_decided():
    both = [decision("Anna", ACCEPTED, 2 * MINUTE), decision("Bert", REJECTED, MINUTE)]
    assert deciding(OPEN, both).by == "Anna"
    assert deciding(replace(OPEN, status=RecommendationStatus.ACCEPTED, decided_by="Anna"), both).by == "Anna"
    assert deciding(OPEN, both[::-1]).by == "Bert"


def test_a_decision_that_came_too_late_or_is_for_another_recommendation_has_decided_nothing():
    assert deciding(OPEN, []) is None
    late = decision("Anna", ACCEPTED, timedelta(hours=2) + MINUTE)
    other = decision("Bert", ACCEPTED, recommendation="B-1")
    elsewhere = decision("Carl", ACCEPTED, site="other")
    assert deciding(OPEN, [late, other, elsewhere]) is None
    assert deciding(OPEN, [late, other, elsewhere, decision("Dora", REJECTED)]).by == "Dora"


@pytest.mark.parametrize(
    ("status", "who"),
    [
        (RecommendationStatus.ACCEPTED, "Anna"),
        (RecommendationStatus.CARRIED_OUT, "Anna"),
        (RecommendationStatus.REJECTED, "Bert"),
        (RecommendationStatus.EXPIRED, "Bert"),
        (RecommendationStatus.WITHDRAWN, None),
    ],
)
def test_a_decision_counts_only_where_the_status_can_have_followed_from_it(status, who):
    """Where the plan had done as advised before anybody decided, a later no was not counted, and a later yes names the person."""
    found = deciding(replace(OPEN, status=status), [decision("Bert", REJECTED), decision("Anna", ACCEPTED)])
    assert (None if found is None else found.by) == who
