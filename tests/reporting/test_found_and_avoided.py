"""What the incidents of a month cost and what ending them early was worth, in every file of the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from report_sample import NOON, blocks_under, content_of, data_of, page_of, put, quarter, table_under

from domain.anomalies import Anomaly, AnomalyKind, Nature
from domain.contracts import EXAMPLES
from domain.effects import Effect
from domain.feedback import Feedback, FeedbackGiven, FeedbackKind
from domain.incident_cost import cost_between, sum_of
from domain.plant import Plant
from domain.topics import ANOMALIES, EFFECTS, FEEDBACK
from reporting.findings_account import FindingsAccount, findings_account
from reporting.ledger import Ledger
from reporting.month import month_period
from reporting.report import WrittenReport

DAY = timedelta(days=1)
OCTOBER = month_period("2026-10", "Europe/Berlin")
PLANT = Plant.model_validate(
    {
        "site": {"id": "werk-nord", "timezone": "Europe/Berlin", "commissioned_utc": datetime(2026, 1, 1, tzinfo=UTC)},
        "meter": [{"id": "furnace-1", "max_power_kw": 200, "register": [{"channel": "power", "kind": "gauge", "unit": "W", "sampling_s": 5, "resolution": 1}]}],
        "machine": [{"id": "oven", "kind": "furnace", "meter": "furnace-1", "rated_kw": 200}],
    }
)  # fmt: skip


def left_on(since: datetime, lasted: timedelta | None, given: FeedbackKind | None = None, **others: Any) -> Anomaly:
    """240 kWh and 48 EUR a day at the furnace."""
    until = None if lasted is None else since + lasted
    known = lasted or DAY
    given_ = None if given is None else FeedbackGiven(given, "M. Krüger", since + known)
    made = Anomaly(
        "werk-nord", "furnace-1", f"furnace-1/left_on/{since:%d%H}", 2, AnomalyKind.LEFT_ON, since, until, since + known, 1.0, 11.0,
        240.0 * (known / DAY), 240.0, 48.0, feedback=given_,
    )  # fmt: skip
    return replace(made, **others)


def october(*incidents: Anomaly, effects: tuple[Effect, ...] = ()) -> FindingsAccount:
    return findings_account(incidents, effects, PLANT, OCTOBER.from_utc, OCTOBER.to_utc)


EARLIER = [
    left_on(datetime(2026, 9, day, 12, tzinfo=UTC), hours * timedelta(hours=1)) for day, hours in ((1, 40), (5, 60), (9, 72))
]
"""Its like usually lasts 60 hours."""
FIXED = left_on(datetime(2026, 10, 10, 12, tzinfo=UTC), timedelta(hours=12), FeedbackKind.FIXED)


def test_only_the_part_within_the_month_is_found() -> None:
    [found] = october(left_on(OCTOBER.from_utc - DAY, 3 * DAY)).found
    assert (found.nature, found.count, found.cost.kwh, found.cost.eur) == (
        Nature.WASTE,
        1,
        pytest.approx(480.0),
        pytest.approx(96.0),
    )


def test_what_somebody_called_normal_is_not_found_and_data_faults_cost_nothing() -> None:
    account = october(
        left_on(NOON, DAY, FeedbackKind.NORMAL),
        replace(left_on(NOON + DAY, DAY), kind=AnomalyKind.SPIKE),
        left_on(NOON + 3 * DAY, DAY, eur_per_day=None),
    )
    assert [(one.nature, one.count, one.cost.eur, one.unpriced) for one in account.found] == [
        (Nature.DATA, 1, None, 1),
        (Nature.WASTE, 1, None, 1),
    ]
    assert account.normal == 1


def test_a_fixed_one_avoids_what_its_like_would_have_cost_up_to_its_usual_end() -> None:
    [avoided] = october(*EARLIER, FIXED).avoided
    assert avoided.usual == timedelta(hours=60)
    assert (avoided.cost.kwh, avoided.cost.eur) == (pytest.approx(480.0), pytest.approx(96.0)), "48 hours at 48 EUR a day"


def test_nothing_is_avoided_beyond_the_month() -> None:
    late = replace(FIXED, since_utc=OCTOBER.to_utc - DAY, until_utc=OCTOBER.to_utc - DAY / 2)
    [avoided] = october(*EARLIER, late).avoided
    assert avoided.counted_until_utc == OCTOBER.to_utc
    assert avoided.cost.eur == pytest.approx(24.0)


def test_without_three_of_its_like_nothing_is_counted_and_their_number_stands_there() -> None:
    account = october(*EARLIER[:2], FIXED)
    assert (account.avoided, account.not_countable) == ((), 1)
    of_others = [replace(one, meter="press-1") for one in EARLIER]
    fixed_before = [replace(one, feedback=FIXED.feedback) for one in EARLIER]
    assert october(*of_others, FIXED).avoided == october(*fixed_before, FIXED).avoided == ()


def test_one_that_ended_by_itself_or_later_than_usual_avoids_nothing() -> None:
    by_itself = replace(FIXED, feedback=None)
    long = replace(FIXED, until_utc=FIXED.since_utc + timedelta(hours=61))
    known = replace(FIXED, feedback=FeedbackGiven(FeedbackKind.KNOWN, "M. Krüger", FIXED.since_utc))
    assert october(*EARLIER, by_itself).avoided == october(*EARLIER, long).avoided == october(*EARLIER, known).avoided == ()


def test_an_effect_of_advice_on_the_same_machine_counts_instead() -> None:
    assert FIXED.until_utc is not None
    effect = replace(EXAMPLES[EFFECTS.name], machine="oven", quarter_utc=FIXED.until_utc + timedelta(hours=3))
    account = october(*EARLIER, FIXED, effects=(effect,))
    assert (account.avoided, account.by_advice) == ((), 1)
    elsewhere, unknown = replace(effect, machine="press"), replace(effect, saving_eur=None)
    earlier = replace(effect, quarter_utc=FIXED.until_utc - timedelta(hours=1))
    for one in (elsewhere, unknown, earlier):
        assert len(october(*EARLIER, FIXED, effects=(one,)).avoided) == 1


@given(
    starts=st.lists(st.integers(-20 * 24, 50 * 24), max_size=8),
    hours=st.lists(st.integers(0, 24 * 40), min_size=8, max_size=8),
    cut_h=st.integers(1, 24 * 30),
)
def test_two_parts_of_a_month_find_what_the_month_finds(starts: list[int], hours: list[int], cut_h: int) -> None:
    incidents = [
        left_on(NOON + timedelta(hours=start), timedelta(hours=length), anomaly=f"{n}")
        for n, (start, length) in enumerate(zip(starts, hours, strict=False))
    ]
    cut = OCTOBER.from_utc + timedelta(hours=cut_h)
    spans = ((OCTOBER.from_utc, cut), (cut, OCTOBER.to_utc))
    parts = [findings_account(incidents, (), PLANT, *span).found_cost for span in spans]
    whole = findings_account(incidents, (), PLANT, OCTOBER.from_utc, OCTOBER.to_utc).found_cost
    assert sum(part.kwh for part in parts) == pytest.approx(whole.kwh)
    assert whole.kwh == pytest.approx(sum_of(cost_between(one, OCTOBER.from_utc, OCTOBER.to_utc) for one in incidents).kwh)


def keep(ledger: Ledger, topic: Any, *records: Any) -> None:
    first = ledger.offsets().get((topic.name, 0), 0)
    ledger.append([(topic, 0, first + n, record) for n, record in enumerate(records)])


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    """A month with incidents of two natures, one of them fixed early, and feedback."""
    put(ledger, quarter(NOON, 100.0))
    keep(
        ledger,
        ANOMALIES,
        *EARLIER,
        FIXED,
        left_on(NOON, DAY, FeedbackKind.NORMAL),
        replace(left_on(NOON + DAY, DAY), kind=AnomalyKind.SPIKE),
    )
    keep(
        ledger,
        FEEDBACK,
        Feedback("werk-nord", "furnace-1", FIXED.anomaly, FeedbackKind.FIXED, "M. Krüger", NOON + 9 * DAY, "Schütz <klebt>"),
    )
    keep(ledger, FEEDBACK, Feedback("werk-nord", "furnace-1", "x", FeedbackKind.KNOWN, "S. Öztürk", NOON - 40 * DAY))
    return ledger


def test_every_file_of_the_report_has_the_same_account(filled: Ledger, make: Callable[..., WrittenReport], folder: Path) -> None:
    made = make()
    data = data_of(made)
    account = data["findings_account"]
    assert account["found"] == [
        {"nature": "data", "count": 1, "unpriced": 1, "kwh": 0.0, "eur": None},
        {"nature": "waste", "count": 1, "unpriced": 0, "kwh": 120.0, "eur": 24.0},
    ]
    assert (account["avoided_total"], account["normal"]) == ({"kwh": 480.0, "eur": 96.0}, 1)
    assert [(one["kind"], one["by"]) for one in data["feedback"]] == [("fixed", "M. Krüger")], "of this month only"
    book: Any = load_workbook(made.folder / "report.xlsx")
    summary = {row[0].value: row[1].value for row in book["Übersicht"].iter_rows()}
    assert (summary["Gefunden"], summary["Vermieden"]) == (24, 96)
    assert [cell.value for cell in list(book["Rückmeldungen"].iter_rows())[-1]][-1] == "Schütz <klebt>"
    table = table_under(page_of(filled, folder), "Gefunden und vermieden")
    assert [row[0] for row in table["rows"]] == ["Datenfehler", "Energieverschwendung"]
    assert table["rows"][0][-1] == "–" and table["rows"][1][-1] == "24,00"
    assert table["total"][-1] == "24,00"
    content = content_of(filled, folder)
    assert content.month.findings.avoided_cost.eur == pytest.approx(96.0)


def test_the_rule_stands_beside_the_figures(filled: Ledger, folder: Path) -> None:
    page = page_of(filled, folder, "en")
    found = " ".join(block.get("text", "") for block in blocks_under(page, "Found and avoided"))
    assert "Called normal and not counted: 1." in found and "spread evenly" in found
    avoided = " ".join(block.get("text", "") for block in blocks_under(page, "Avoided"))
    assert "median of at least three earlier ones" in avoided
    assert table_under(page, "Feedback")["rows"][0][3] == "fixed"


def test_a_month_without_incidents_has_no_such_section(ledger: Ledger, folder: Path) -> None:
    put(ledger, quarter(NOON, 100.0))
    headings = [block["text"] for block in page_of(ledger, folder)["blocks"] if block["kind"] == "heading"]
    assert "Gefunden und vermieden" not in headings
