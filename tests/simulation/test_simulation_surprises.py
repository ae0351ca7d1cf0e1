"""Outages of the demo: where they lie, and how a person asks for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.errors import InputFaults
from lastgang.demo.prepare import prepare
from lastgang.demo.settings import DemoSettings
from simulation import demo_plant
from simulation.span import load_span
from simulation.surprises import NetworkOutage, pulled_plug, scheduled

BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)


def local(outage: NetworkOutage) -> tuple[str, str]:
    begin, end = (datetime.fromtimestamp(s, BERLIN) for s in (outage.from_s, outage.to_s))
    return f"{begin:%a %H:%M}", f"{end:%a %H:%M}"


def test_the_demo_loses_a_network_for_ten_minutes_and_two_for_three_hours() -> None:
    outages = {outage.meters: local(outage) for outage in scheduled(FRIDAY, BERLIN).outages}
    assert outages == {
        ("compressor-1", "compressor-2"): ("Fri 11:10", "Fri 11:20"),
        ("moulding-2",): ("Fri 07:30", "Fri 10:30"),
        ("ev-chargers",): ("Fri 07:30", "Fri 10:30"),
    }


def test_a_pulled_plug_lies_at_the_next_such_local_time() -> None:
    assert local(pulled_plug("press-1@07:30+180", FRIDAY, BERLIN)) == ("Fri 07:30", "Fri 10:30")
    assert local(pulled_plug("press-1@06:00+10", FRIDAY, BERLIN)) == ("Fri 06:00", "Fri 06:10")
    assert local(pulled_plug("main@05:45+10", FRIDAY, BERLIN)) == ("Sat 05:45", "Sat 05:55")
    # the clock goes back on Sunday: minutes are minutes
    assert local(pulled_plug("washer@01:30+120", FRIDAY + timedelta(hours=43), BERLIN)) == ("Sun 01:30", "Sun 02:30")


@pytest.mark.parametrize("text", ["press-1", "press-1@7:30+180", "press-1@24:00+5", "press-1@07:30+0", "press-1@07:30-10", ""])
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="expected METER@HH:MM\\+MINUTES such as press-1@07:30\\+180"):
        pulled_plug(text, FRIDAY, BERLIN)


def test_pulled_plugs_are_in_the_plant_folder_and_become_outages(tmp_path: Path) -> None:
    begin = FRIDAY + timedelta(hours=3)
    demo_plant.write(tmp_path, pulled=[("washer", begin, begin + timedelta(minutes=20))])
    outages = load_span(tmp_path).surprises.outages
    assert outages[:-1] == scheduled(FRIDAY, BERLIN).outages
    assert outages[-1] == NetworkOutage(("washer",), begin.timestamp(), begin.timestamp() + 1200)


def test_a_plug_of_a_meter_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    demo_plant.write(tmp_path, pulled=[("toaster", FRIDAY, FRIDAY + timedelta(minutes=20))])
    with pytest.raises(InputFaults, match=r"pulled\.meter.*'toaster'.*one of main"):
        load_span(tmp_path)
    settings = DemoSettings(tmp_path / "demo", None, None, pull=("toaster@07:30+5", "press-1"))
    from rich.console import Console

    with pytest.raises(InputFaults) as refused:
        prepare(settings, Console(quiet=True))
    assert [fault.found for fault in refused.value.faults] == ["'toaster@07:30+5'", "'press-1'"]
