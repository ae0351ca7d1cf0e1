"""Several decisions on one recommendation: what the advice makes of them is what every other reader makes of them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

from hypothesis import given, settings
from hypothesis import strategies as st
from small_works import NOW, Advised, forecast, interval, texts_of, two_furnaces

from domain.intervals import QUARTER
from domain.orders import OrderStatus
from domain.recommendations import DecisionKind, RecommendationStatus, deciding

FOLDER = Path(mkdtemp())
MINUTE = timedelta(minutes=1)


def test_of_two_people_at_once_the_first_in_the_log_decides():
    for first, second in ((DecisionKind.ACCEPTED, DecisionKind.REJECTED), (DecisionKind.REJECTED, DecisionKind.ACCEPTED)):
        jobs = two_furnaces()
        advised = Advised(FOLDER, *jobs)
        [advice] = advised.take(forecast(jobs))
        one = replace(texts_of(advice.recommendation, first), by="Anna")
        other = replace(texts_of(advice.recommendation, second, NOW + MINUTE), by="Bert")
        [decided] = advised.take(one)
        assert (decided.status.value, decided.decided_by) == (first.value, "Anna")
        assert advised.take(other) == []
        assert advised.take(one) == [], "a double click"
        assert deciding(decided, [one, other, one]) == one


def test_an_accepted_move_that_was_not_made_is_not_rejected_afterwards():
    jobs = two_furnaces()
    advised = Advised(FOLDER, *jobs)
    [advice] = advised.take(forecast(jobs))
    advised.take(replace(texts_of(advice.recommendation), by="Anna"))
    for n in range(16):
        advised.take(interval(NOW + n * QUARTER))
    assert advised.heard[-1].status is RecommendationStatus.EXPIRED
    assert advised.take(replace(texts_of(advice.recommendation, DecisionKind.REJECTED), by="Bert")) == []


events = st.lists(
    st.sampled_from(["accept", "reject", "too late", "moved", "moved back", "cancelled", "calm", "rush", "hours later"]),
    min_size=1,
    max_size=8,
)


@settings(max_examples=80, deadline=None)
@given(events)
def test_whoever_the_advice_names_is_who_all_readers_name(names):
    jobs = two_furnaces()
    advised = Advised(FOLDER, *jobs)
    [advice] = advised.take(forecast(jobs))
    decisions, newest = [], {advice.recommendation: advice}
    for number, name in enumerate(names, start=2):
        record = {
            "accept": texts_of(advice.recommendation, DecisionKind.ACCEPTED, NOW + number * MINUTE),
            "reject": texts_of(advice.recommendation, DecisionKind.REJECTED, NOW + number * MINUTE),
            "too late": texts_of(advice.recommendation, DecisionKind.ACCEPTED, advice.valid_until_utc + MINUTE),
            "moved": replace(jobs[0], revision=number, start_utc=advice.to_utc),
            "moved back": replace(jobs[0], revision=number),
            "cancelled": replace(jobs[0], revision=number, status=OrderStatus.CANCELLED),
            "calm": forecast([], base=200.0),
            "rush": forecast(jobs),
            "hours later": interval(NOW + 12 * QUARTER),
        }[name]
        if name in ("accept", "reject", "too late"):
            record = replace(record, by=f"person {number}")
            decisions.append(record)
        newest |= {one.recommendation: one for one in advised.take(record)}
    for one in newest.values():
        found = deciding(one, decisions)
        if one.decided_by is not None:
            assert found is not None
            assert found.by == one.decided_by
        elif one.status is RecommendationStatus.OPEN:
            assert found is None, "nobody waits for an answer that will not come"
