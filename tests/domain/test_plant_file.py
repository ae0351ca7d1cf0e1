"""The plant file is checked whole, and every fault is reported with its line."""

from pathlib import Path

import pytest
from plant_texts import COUNTER, plant, register

from domain.codec import decode, encode
from domain.errors import InputFaults
from domain.instants import NEVER_UTC
from domain.orders import Order, OrderStatus
from domain.plant import load_plant, planned_orders

GOOD = plant("werk-1", "main", register(*COUNTER), max_power_kw=900)


def written(folder: Path, text: str) -> Path:
    path = folder / "plant.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_only_meter_without_a_parent_is_the_billing_meter(tmp_path):
    assert load_plant(written(tmp_path, GOOD)).billing_meter().id == "main"


def test_two_roots_leave_the_billing_meter_open(tmp_path):
    plant = load_plant(written(tmp_path, GOOD + '[[meter]]\nid = "second"\nmax_power_kw = 5\n'))
    assert plant.billing_meter() is None


def test_all_faults_of_a_file_are_reported_at_once_with_their_lines(tmp_path):
    text = GOOD.replace("Europe/Berlin", "Europe/Bärlin").replace("= 900", "= -1").replace("resolution = 1", "resolutoin = 1")
    with pytest.raises(InputFaults) as caught:
        load_plant(written(tmp_path, text))
    message = str(caught.value)
    assert "plant.toml:4: site.timezone: found 'Europe/Bärlin'" in message
    assert "plant.toml:9: meter[0].max_power_kw: found -1" in message
    assert "plant.toml:15: meter[0].register[0].resolutoin" in message
    assert "resolution: found nothing" in message


@pytest.mark.parametrize(
    ("addition", "words"),
    [
        ('[[meter]]\nid = "main"\nmax_power_kw = 5\n', "an id that no other meter has"),
        ('[[meter]]\nid = "a"\nparent = "nowhere"\nmax_power_kw = 5\n', "one of the meters"),
        ('[[meter]]\nid = "a"\nparent = "a"\nmax_power_kw = 5\n', "no meter may be its own ancestor"),
        ('[[machine]]\nid = "m"\nmeter = "gone"\nrated_kw = 1\n', "one of the meters"),
        ('[[machine]]\nid = "m"\nmeter = "main"\nrated_kw = 1\nshifts = ["night"]\n', "one of the shifts"),
        ('[tariff]\nfile = "none.toml"\n', "a tariff file in"),
    ],
)
def test_a_reference_to_nothing_is_a_fault(tmp_path, addition, words):
    with pytest.raises(InputFaults, match=words):
        load_plant(written(tmp_path, GOOD + addition))


SHIFT = '[[shift]]\nid = "night"\ndays = ["mon"]\nfrom = "22:00"\nto = "06:00"\n'


@pytest.mark.parametrize(("begins", "ends"), [("06:00", "06:30"), ("05:45", "06:15"), ("21:45", "22:15"), ("01:00", "01:00")])
def test_a_break_outside_of_its_shift_is_a_fault(tmp_path, begins, ends):
    text = GOOD + SHIFT + f'breaks = [{{ from = "{begins}", to = "{ends}" }}]\n'
    with pytest.raises(InputFaults, match="a break within the shift, 22:00 to 06:00"):
        load_plant(written(tmp_path, text))


def test_breaks_of_a_night_shift_may_lie_before_and_after_midnight(tmp_path):
    text = GOOD + SHIFT + 'breaks = [{ from = "23:30", to = "00:15" }, { from = "05:00", to = "06:00" }]\n'
    assert len(load_plant(written(tmp_path, text)).shifts[0].breaks) == 2


def test_a_gauge_in_watt_hours_is_a_fault(tmp_path):
    with pytest.raises(InputFaults, match="for a counter; W, kW"):
        load_plant(written(tmp_path, GOOD.replace('"counter"', '"gauge"')))


def test_what_is_no_toml_is_reported_with_its_line(tmp_path):
    with pytest.raises(InputFaults, match=r"plant\.toml:2: file: found 'no TOML|plant\.toml:2: file: found no TOML"):
        load_plant(written(tmp_path, "\n[site\n"))


JOB = """
[[machine]]
id = "press"
meter = "main"
rated_kw = 90

[[order]]
job = "A"
machine = "press"
start_utc = 2026-10-23T06:00:00Z
earliest_utc = 2026-10-23T06:00:00Z
due_utc = 9999-12-31T00:00:00Z
profile_kw = [40.0, 80.0]
"""


def test_jobs_of_the_plant_file_are_orders_that_any_record_on_the_topic_overrides(tmp_path):
    [order] = planned_orders(load_plant(written(tmp_path, GOOD + JOB)))
    assert (order.job, order.machine, order.status, order.movable) == ("A", "press", OrderStatus.PLANNED, True)
    assert order.revision < 0
    assert order.due_utc == NEVER_UTC
    assert decode(Order, encode(order)) == order


def test_a_job_stands_in_the_plant_file_once(tmp_path):
    again = JOB[JOB.index("[[order]]") :]
    with pytest.raises(InputFaults, match=r"order\[1\]\.job: found 'A'; expected a job that no other order has"):
        load_plant(written(tmp_path, GOOD + JOB + again))
