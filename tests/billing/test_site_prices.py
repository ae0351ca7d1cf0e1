"""What of a tariff can be priced at a site, what a kilowatt-hour costs, and what `check-config` says of it."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_tariffs import HEAD, MONTHLY, tariff

from billing.lacks import REACTIVE_EXPORT, REACTIVE_IMPORT, Lack
from billing.notes import tariff_notes
from billing.price import marginal_energy_price_eur_per_kwh
from billing.site import SitePrices, left_out, needs_reactive
from billing.span import billed_since, sunk_since
from domain.errors import InputFaults
from domain.plant import Plant
from lastgang.commands.check_config import command

NOW = datetime(2026, 10, 23, 4, tzinfo=UTC)
APPARENT = MONTHLY.replace('"kW"', '"kVA"').replace("EUR/kW", "EUR/kVA")
SLIDING = MONTHLY + 'method = "sliding"\nstep_min = 5\n'
SUPPLY = '[[energy]]\nid = "supply"\nprice = "14.00 ct/kWh"\n'
NIGHT = '[[calendar]]\nid = "night"\n[[calendar.band]]\ndays = ["all"]\nfrom = "00:00"\nto = "06:00"\n'
SPOT = '[[energy]]\nid = "spot"\nspot = { file = "spot.csv", factor = 1.1, adder = "2.00 ct/kWh" }\n'


def blind(direction):
    return (
        f'[[reactive]]\nid = "{direction}"\ndirection = "{direction}"\nsettle = "month"\nprice = "1.00 ct/kvarh"\n'
        'free = { kind = "share", value = 0.5 }\n'
    )


def of_kind(prices, kind):
    return [component for component in prices.components if component.kind == kind]


def spot_file(folder: Path, *prices: str):
    lines = [f"2026-10-23T{n:02}:00:00Z,{price}" for n, price in enumerate(prices)]
    (folder / "spot.csv").write_text("\n".join(["start_utc,price_eur_per_mwh", *lines]) + "\n")


def plant(*channels, **site):
    register = {"kind": "counter", "sampling_s": 5, "resolution": 1}
    counters = [
        {"channel": "energy_import", "unit": "Wh", **register},
        *({"channel": c, "unit": "varh", **register} for c in channels),
    ]
    fields = {
        "id": "works",
        "timezone": "Europe/Berlin",
        "commissioned_utc": "2026-01-01T00:00:00Z",
        "demand_period": "month",
        **site,
    }
    return Plant.model_validate({"site": fields, "meter": [{"id": "main", "max_power_kw": 1000, "register": counters}]})


@pytest.mark.parametrize(
    ("body", "channels", "lacks"),
    [
        (MONTHLY + SUPPLY, (), []),
        (APPARENT, (), [Lack.INDUCTIVE]),
        (APPARENT, (REACTIVE_EXPORT,), [Lack.INDUCTIVE]),
        (APPARENT, (REACTIVE_IMPORT,), []),
        (SLIDING, (REACTIVE_IMPORT,), [Lack.TOO_FINE]),
        (blind("inductive") + blind("capacitive"), (), [Lack.INDUCTIVE, Lack.CAPACITIVE]),
        (blind("inductive") + blind("capacitive"), (REACTIVE_IMPORT,), [Lack.CAPACITIVE]),
        (blind("inductive") + blind("capacitive"), (REACTIVE_IMPORT, REACTIVE_EXPORT), []),
    ],
)
def test_a_charge_is_left_out_only_where_something_that_it_rests_on_is_not_measured(tmp_path, body, channels, lacks):
    prices = tariff(tmp_path, body)
    assert [one.lack for one in left_out(prices, frozenset(channels))] == lacks
    priced = SitePrices(prices, frozenset(channels)).of([NOW])
    assert len(priced.tariff.components) + len(lacks) == len(prices.components)
    assert not needs_reactive(priced.tariff) or REACTIVE_IMPORT in channels
    assert priced.demand_known == (not of_kind(prices, "demand") or bool(of_kind(priced.tariff, "demand")))


def test_of_two_versions_of_a_charge_the_one_that_holds_decides_whether_power_has_a_price(tmp_path):
    first = APPARENT.replace("[[demand]]", "[[demand]]\nvalid_to = 2026-07-01")
    second = MONTHLY.replace("[[demand]]", "[[demand]]\nvalid_from = 2026-07-01")
    prices = SitePrices(tariff(tmp_path, first + second), frozenset())
    june, october = prices.of([datetime(2026, 6, 1, tzinfo=UTC)]), prices.of([NOW])
    assert (june.demand_known, october.demand_known) == (False, True)
    assert ([one.lack for one in june.lacking], october.lacking) == ([Lack.INDUCTIVE], ())


def test_a_spot_price_that_is_not_known_leaves_its_component_out_only_where_it_holds(tmp_path):
    spot_file(tmp_path, "100", "100", "", "100")
    prices = SitePrices(tariff(tmp_path, SUPPLY + SPOT), frozenset())
    known, unknown = [datetime(2026, 10, 23, hour, 30, tzinfo=UTC) for hour in (1, 2)]
    assert prices.of([known]).energy_known
    both = prices.of([known, unknown])
    assert not both.energy_known
    assert [energy.id for energy in of_kind(both.tariff, "energy")] == ["supply"]
    assert both.tariff is prices.of([unknown]).tariff, "made once"
    at_night = SitePrices(tariff(tmp_path, NIGHT + SPOT + 'inside = "night"\n'), frozenset())
    assert not at_night.of([unknown]).energy_known
    assert at_night.of([datetime(2026, 10, 23, 12, tzinfo=UTC)]).energy_known


def test_outside_its_validity_a_tariff_prices_nothing(tmp_path):
    prices = SitePrices(tariff(tmp_path, MONTHLY), frozenset())
    assert prices.of([datetime(2026, 12, 31, 22, 45, tzinfo=UTC)]) is not None
    assert prices.of([datetime(2026, 12, 31, 22, 45, tzinfo=UTC), datetime(2026, 12, 31, 23, 0, tzinfo=UTC)]) is None


def test_a_kilowatt_hour_has_a_price_or_none_and_never_costs_nothing_for_want_of_one(tmp_path):
    spot_file(tmp_path, "100", "-50", "")
    spot = tariff(tmp_path, MONTHLY + SPOT + '[[levy]]\nid = "tax"\nprice = "0.05 ct/kWh"\n')
    at = [datetime(2026, 10, 23, hour, tzinfo=UTC) for hour in (0, 1, 2)]
    found = [marginal_energy_price_eur_per_kwh(spot, one) for one in at]
    assert found[:2] == [pytest.approx(0.11 + 0.02 + 0.0005), pytest.approx(-0.055 + 0.02 + 0.0005)]
    assert found[2] is None
    assert marginal_energy_price_eur_per_kwh(None, NOW) is None
    assert marginal_energy_price_eur_per_kwh(tariff(tmp_path, MONTHLY), NOW) is None, "a sheet for power alone"
    flat = tariff(tmp_path, SUPPLY)
    assert marginal_energy_price_eur_per_kwh(flat, NOW) == pytest.approx(0.14)
    assert marginal_energy_price_eur_per_kwh(flat, datetime(2026, 12, 31, 23, tzinfo=UTC)) is None, (
        "the next sheet is not there yet"
    )
    at_night = tariff(tmp_path, NIGHT + SUPPLY + 'inside = "night"\n')
    assert marginal_energy_price_eur_per_kwh(at_night, datetime(2026, 10, 23, 3, tzinfo=UTC)) == pytest.approx(0.14)
    assert marginal_energy_price_eur_per_kwh(at_night, datetime(2026, 10, 23, 12, tzinfo=UTC)) is None


SEASONS = '[[season]]\nid = "winter"\nmonths = [12, 1, 2]\n[[season]]\nid = "rest"\nmonths = [3, 4, 5, 6, 7, 8, 9, 10, 11]\n'
BY_SEASON = MONTHLY.replace('reset = "month"', 'reset = "season"').replace("EUR/kW/month", "EUR/kW/season")
BY_YEAR = MONTHLY.replace('reset = "month"', 'reset = "year"').replace("EUR/kW/month", "EUR/kW/year")


@pytest.mark.parametrize(
    ("body", "day", "sunk", "billed"),
    [
        (BY_YEAR, date(2026, 2, 3), date(2026, 1, 1), date(2026, 1, 1)),
        (MONTHLY, date(2026, 2, 3), date(2026, 2, 1), date(2026, 1, 1)),
        (MONTHLY + "ratchet = { percent = 80, months = 11 }\n", date(2026, 2, 3), date(2026, 2, 1), date(2025, 3, 1)),
        (SEASONS + BY_SEASON, date(2026, 2, 3), date(2025, 12, 1), date(2025, 12, 1)),
        (SEASONS + BY_SEASON, date(2026, 5, 3), date(2026, 3, 1), date(2026, 1, 1)),
        (MONTHLY + BY_YEAR.replace("network", "year"), date(2026, 2, 3), date(2026, 2, 1), date(2026, 1, 1)),
        ("", date(2026, 2, 3), None, date(2026, 1, 1)),
    ],
)
def test_a_load_is_billed_with_what_lies_before_it_in_its_period(tmp_path, body, day, sunk, billed):
    prices = tariff(tmp_path, body, HEAD.replace("valid_from = 2026-01-01", "valid_from = 2024-01-01"))
    assert (sunk_since(prices, day), billed_since(prices, day)) == (sunk, billed)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ("BW", r"BW is Botswana \(did you mean DE-BW\?\)\. .*add holidays_abroad = true"),
        ("BY", "BY is Belarus"),
        ("NW", r"No country has the code 'NW' \(did you mean DE-NW\?\)"),
        ("DE-XX", "one of DE's subdivisions, BB, BE"),
        ("AT", "AT is Austria"),
    ],
)
def test_holidays_of_a_tariff_are_those_of_a_land_that_keeps_its_time_zone(tmp_path, found, words):
    for body in (
        f'holidays = "{found}"\n',
        f'[[calendar]]\nid = "c"\nholidays = "{found}"\n{NIGHT[NIGHT.index("[[calendar.band") :]}',
    ):
        with pytest.raises(InputFaults, match=words) as raised:
            tariff(tmp_path, body)
        assert len(raised.value.faults) == 1
    if found == "AT":
        assert tariff(tmp_path, 'holidays = "AT"\nholidays_abroad = true\n').holidays == "AT"


NOTES = {
    "nothing to say": (plant(), MONTHLY + SUPPLY, []),
    "no tariff": (plant(), None, ["no [tariff]: advice is in kilowatts only"]),
    "apparent power": (plant(), APPARENT, ["demand 'network' is billed by reactive energy, and no meter"]),
    "apparent power, half of it measured": (plant(REACTIVE_IMPORT), APPARENT, ["without reactive_export capacitive reactive energy"]),
    "apparent power that is measured": (plant(REACTIVE_IMPORT, REACTIVE_EXPORT), APPARENT, []),
    "both reactive charges": (plant(), blind("inductive") + blind("capacitive"), ["reactive 'inductive'", "reactive 'capacitive'"]),
    "sliding": (plant(), SLIDING, ["demand 'network' is billed by means over less than a quarter hour"]),
    "another reset": (plant(demand_period="year"), MONTHLY, ["bills power by the month: advice follows the tariff"]),
    "one of two resets": (plant(demand_period="year"), MONTHLY + BY_YEAR.replace("network", "year"), []),
    "another zone": (plant(timezone="Asia/Kolkata"), MONTHLY, ["has the time zone Europe/Berlin, the plant Asia/Kolkata"]),
    "a peak of a month that is over": (plant(billed_peak_kw=637), MONTHLY, ["ends 2026-02-01 (that of commissioned_utc) and counts for nothing"]),
    "a peak of this month": (plant(billed_peak_kw=637, billed_peak_on=date(2026, 10, 5)), MONTHLY, []),
    "a peak that only the sheet knows": (plant(), MONTHLY + 'history = { "2026-10" = "812 kW" }\n', ["names 812 kW as billed in 2026-10"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", NOTES)
def test_check_config_notes_what_cannot_be_priced_and_what_contradicts(tmp_path, kind):
    works, body, expected = NOTES[kind]
    notes = tariff_notes(works, None if body is None else tariff(tmp_path, body), NOW)
    assert len(notes) == len(expected), notes
    assert all(words in note for words, note in zip(expected, notes, strict=True)), notes


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2025, 12, 31, tzinfo=UTC), "holds from 2026-01-01 on: until then"),
        (datetime(2026, 11, 15, tzinfo=UTC), "holds until 2026-12-31: without the next price sheet"),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), "held until 2026-12-31: until the next price sheet is there"),
    ],
)
def test_check_config_says_when_the_prices_end(tmp_path, at, words):
    [note] = tariff_notes(plant(), tariff(tmp_path, MONTHLY), at)
    assert words in note


def test_check_config_says_until_when_spot_prices_are_known(tmp_path):
    spot_file(tmp_path, "100", "100")
    [note] = tariff_notes(plant(), tariff(tmp_path, SPOT), NOW)
    assert note.startswith("energy 'spot': the known spot prices end 2026-10-23T01:00Z")


PLANT = """[site]
id = "works"
timezone = "Europe/Berlin"
commissioned_utc = 2026-01-01T00:00:00Z
[[meter]]
id = "main"
max_power_kw = 1000
[[meter.register]]
channel = "energy_import"
kind = "counter"
unit = "Wh"
sampling_s = 60
resolution = 1
modulus = 1e12
"""
DEVICE = """[device]
id = "main-meter"
meter = "main"
protocol = "modbus-tcp"
host = "192.0.2.10"
unit_id = 1
profile = "siemens_pac3200"
poll_s = 60
[channels]
energy_import = "active_energy_import"
"""


def test_the_command_prints_the_notes_and_finds_no_fault(tmp_path):
    (tmp_path / "devices").mkdir()
    (tmp_path / "devices" / "main.toml").write_text(DEVICE)
    (tmp_path / "plant.toml").write_text(PLANT)
    done = CliRunner().invoke(command, [str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "note: no [tariff]: advice is in kilowatts only" in done.output
    tariff(tmp_path, APPARENT)
    (tmp_path / "plant.toml").write_text(PLANT + '[tariff]\nfile = "tariff.toml"\n')
    done = CliRunner().invoke(command, [str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert "note: demand 'network' is billed by reactive energy" in done.output
    assert done.output.endswith("no fault found\n")
