"""Tariff files: the sample, what is at fault, and the command."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from small_tariffs import HEAD, MONTHLY, profile, tariff

import billing
from billing.bill import bill
from billing.price import marginal_energy_price_eur_per_kwh
from billing.tariff import load_tariff
from domain.errors import InputFaults
from lastgang.commands.bill import command

SAMPLE = Path(billing.__file__).parent / "sample_tariff.toml"


def test_the_sample_tariff_bills_every_year_from_2019_to_2030():
    prices = load_tariff(SAMPLE)
    for year in range(2019, 2031):
        day = profile(np.full(96, 100.0), datetime(year, 6, 1, 22, tzinfo=UTC))
        result = bill(prices, day, (date(year, 1, 1), date(year + 1, 1, 1)))
        assert result.demand_eur > 0, year


def test_one_more_kilowatt_hour_costs_network_supply_and_tax():
    prices = load_tariff(SAMPLE)
    assert marginal_energy_price_eur_per_kwh(prices, datetime(2026, 5, 4, tzinfo=UTC)) == pytest.approx(0.0108 + 0.14 + 0.0005)
    assert marginal_energy_price_eur_per_kwh(prices, datetime(2021, 5, 4, tzinfo=UTC)) == pytest.approx(0.0099 + 0.14 + 0.0005)
    assert marginal_energy_price_eur_per_kwh(prices, datetime(2012, 5, 4, tzinfo=UTC)) is None


def test_all_faults_of_a_file_are_reported_at_once_each_with_its_line(tmp_path):
    body = (
        MONTHLY.replace('"10.00 EUR/kW/month"', "10")
        + 'minimun = "3 kW"\ninside = "ht"\n[[energy]]\nid = "s"\nprice = "5 ct/kvarh"\n'
    )
    with pytest.raises(InputFaults) as raised:
        tariff(tmp_path, body)
    text = str(raised.value).splitlines()
    lines = (HEAD + body).splitlines()
    for line in text:
        number = int(line.split(":")[1])
        key = line.split(": ")[2]
        assert lines[number - 1].startswith(key), line
    assert len(text) == 4


def test_the_command_writes_the_bill_and_says_where(tmp_path):
    tariff(tmp_path, MONTHLY)
    load = tmp_path / "load.csv"
    load.write_text("start_utc,power_kw\n2026-03-03T23:00:00Z,40\n2026-03-03T23:15:00Z,50\n")
    args = [str(load), "--tariff", str(tmp_path / "tariff.toml"), "--json", str(tmp_path / "bill.json")]
    done = CliRunner().invoke(command, args)
    assert done.exit_code == 0, done.output
    assert '"amount_eur": 500.0' in (tmp_path / "bill.json").read_text()


def test_faults_of_tariff_and_load_are_reported_together_and_no_bill_is_written(tmp_path):
    (tmp_path / "tariff.toml").write_text(HEAD + MONTHLY.replace("EUR/kW/month", "EUR/kW/year/x"))
    (tmp_path / "load.csv").write_text("start_utc,power_kw\n2026-03-03T23:00:00,40\n")
    args = [str(tmp_path / "load.csv"), "--tariff", str(tmp_path / "tariff.toml"), "--json", str(tmp_path / "bill.json")]
    done = CliRunner().invoke(command, args)
    assert isinstance(done.exception, InputFaults)
    assert "tariff.toml" in str(done.exception)
    assert "load.csv:2: start_utc" in str(done.exception)
    assert not (tmp_path / "bill.json").exists()


def test_a_fault_between_versions_has_the_line_of_the_version_that_it_concerns(tmp_path):
    def version(first: str, end: str) -> str:
        return f'[[energy]]\nid = "supply"\nvalid_from = {first}\nvalid_to = {end}\nprice = "14.00 ct/kWh"\n'

    spans = ("2026-01-01", "2026-03-31"), ("2026-04-01", "2026-06-15"), ("2026-06-15", "2027-01-01")
    with pytest.raises(InputFaults) as raised:
        tariff(tmp_path, "".join(version(*span) for span in spans))
    lines = (tmp_path / "tariff.toml").read_text().splitlines()
    gap, change = raised.value.faults
    assert (gap.field, gap.found) == ("energy 'supply': valid_from, valid_to", "'a gap from 2026-03-31 to 2026-04-01'")
    assert lines[gap.line - 1 : gap.line + 2] == ["[[energy]]", 'id = "supply"', "valid_from = 2026-04-01"]
    assert (lines[change.line - 1], change.expected) == ("valid_from = 2026-06-15", "a change on the first day of a month")
