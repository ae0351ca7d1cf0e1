"""Of two decisions on one recommendation the report names the one that counts: the first in the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from report_sample import NOON, data_of, put, whole_month

from domain.contracts import EXAMPLES
from domain.recommendations import Decision, DecisionKind, DeclineReason, RecommendationStatus
from domain.topics import DECISIONS, RECOMMENDATIONS
from reporting.ledger import Ledger
from reporting.report import WrittenReport

MINUTE = timedelta(minutes=1)
ADVICE = replace(
    EXAMPLES[RECOMMENDATIONS.name], recommendation="J1", revision=1, status=RecommendationStatus.OPEN, issued_utc=NOON, at_utc=NOON,
    valid_until_utc=NOON + timedelta(hours=2), peak_start_utc=NOON + timedelta(hours=3), decided_by=None,
)  # fmt: skip


def test_the_report_names_who_was_first_in_the_log_and_not_who_was_last(ledger: Ledger, make: Callable[..., WrittenReport]) -> None:
    put(ledger, *whole_month())
    accepted = replace(ADVICE, revision=2, status=RecommendationStatus.ACCEPTED, at_utc=NOON + 5 * MINUTE, decided_by="Anna")
    anna = Decision(ADVICE.site, "J1", DecisionKind.ACCEPTED, "Anna", NOON + 5 * MINUTE)
    bert = Decision(ADVICE.site, "J1", DecisionKind.REJECTED, "Bert", NOON + 6 * MINUTE, DeclineReason.ORDER)
    ledger.append([(RECOMMENDATIONS, 0, n, record) for n, record in enumerate((ADVICE, accepted))])
    ledger.append([(DECISIONS, 0, n, record) for n, record in enumerate((anna, bert))])
    (row,) = data_of(make())["recommendations"]
    assert (row["status"], row["decision"]["by"], row["decision"]["kind"]) == ("accepted", "Anna", "accepted")


def test_the_ledger_gives_decisions_in_the_order_of_the_log_whatever_their_clocks_say(ledger: Ledger) -> None:
    first = Decision(ADVICE.site, "J1", DecisionKind.ACCEPTED, "Anna", NOON + 9 * MINUTE)
    second = Decision(ADVICE.site, "J1", DecisionKind.REJECTED, "Bert", NOON)
    ledger.append([(DECISIONS, 0, n, record) for n, record in enumerate((first, second))])
    assert ledger.decisions() == [first, second]
