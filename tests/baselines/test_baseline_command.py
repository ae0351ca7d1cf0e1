"""`lastgang baseline` from files to figures, and one clear error for each thing that is wrong with them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from billing.price import marginal_energy_price_eur_per_kwh
from billing.tariff import load_tariff
from domain.errors import InputFaults
from domain.measures import load_measures
from lastgang.cli import group
from quarters.profiles.beside import read_amounts, read_temperature
from tests.baselines.days import heated

BERLIN = ZoneInfo("Europe/Berlin")
MEASURES = (
    '[[measure]]\nid = "led"\nbegins = 2024-01-02\ndescription = "lamps"\n[co2]\ng_per_kwh = 400\nyear = 2024\nsource = "a table"\n'
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two years of a heated plant, an hour a row, that saves a tenth in the second; weather and pieces by day."""
    folder = tmp_path_factory.mktemp("baseline")
    rows = heated(730, share=0.1)
    assert rows.temperature_c is not None
    lines = ["start_utc,power_kw"]
    for day, kw in zip(rows.days, rows.kw, strict=True):
        lines += [f"{day}T{hour:02}:00:00Z,{kw:.4f}" for hour in range(24)]
    (folder / "load.csv").write_text("\n".join(lines) + "\n")
    weather = [f"{day},{value:.3f}" for day, value in zip(rows.days, rows.temperature_c, strict=True)]
    (folder / "weather.csv").write_text("\n".join(["day,temperature_c", *weather]) + "\n")
    (folder / "pieces.csv").write_text(
        "\n".join(["day,pieces", *(f"{day},{100 * (day.weekday() < 5)}" for day in rows.days)]) + "\n"
    )
    (folder / "measures.toml").write_text(MEASURES)
    return folder


def run(files: Path, *arguments: str) -> Result:
    return CliRunner().invoke(group, ["baseline", str(files / "load.csv"), "--timezone", "UTC", *arguments])


def test_a_saving_is_stated_with_interval_co2_and_picture(files: Path, tmp_path: Path) -> None:
    out, picture = tmp_path / "b.json", tmp_path / "b.svg"
    done = run(
        files, "--temperature", f"{files}/weather.csv", "--production", f"{files}/pieces.csv", "--measures", f"{files}/measures.toml",
        "--json", str(out), "--picture", str(picture),
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "Nothing speaks against claiming savings by it." in done.output
    found = json.loads(out.read_text())
    (one,) = found["measures"]
    saving = one["saving"]
    assert one["claimed"]
    assert saving["saved_kwh"]["low"] < saving["saved_kwh"]["value"] < saving["saved_kwh"]["high"]
    assert saving["saved_share"]["value"] == pytest.approx(0.1, abs=0.015)
    assert saving["saved_co2_kg"]["value"] == pytest.approx(0.4 * saving["saved_kwh"]["value"])
    assert saving["saved_eur"] is None
    assert found["baseline"]["fit"]["cvrmse"] < 0.1
    assert len(found["enpi"]["pieces"]) == 24
    assert picture.read_text().startswith("<?xml")


def test_the_same_files_give_the_same_bytes(files: Path, tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        done = run(
            files, "--temperature", f"{files}/weather.csv", "--measure", "2024-01-02", "--json", f"{tmp_path}/{name}.json",
            "--picture", f"{tmp_path}/{name}.svg",
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        written.append([(tmp_path / f"{name}.{kind}").read_bytes() for kind in ("json", "svg")])
    assert written[0] == written[1]


def test_reasons_against_a_claim_are_sentences_in_both_languages(files: Path) -> None:
    arguments = ("--measure", "2024-12-20", "--temperature", f"{files}/weather.csv", "--baseline-from", "2024-11-01")
    english, german = run(files, *arguments), run(files, *arguments, "--language", "de")
    assert "Only 49 days of the baseline period are known; a baseline needs 84 at least" in " ".join(english.output.split())
    assert "Nur 49 Tage des Bezugszeitraums sind bekannt" in " ".join(german.output.split())
    assert (english.exit_code, german.exit_code) == (0, 0)


def test_every_fault_of_every_file_is_named_at_once(files: Path, tmp_path: Path) -> None:
    (tmp_path / "weather.csv").write_text("day,temp\n2023-01-02,1\n")
    (tmp_path / "pieces.csv").write_text("day,pieces\n2023-13-02,1\n2023-01-03,a lot\n")
    (tmp_path / "measures.toml").write_text('[[measure]]\nid = "a"\nbegins = 2024-01-02\ncomplete = 2023-01-02\n')
    done = run(
        files, "--temperature", f"{tmp_path}/weather.csv", "--production", f"{tmp_path}/pieces.csv", "--measures", f"{tmp_path}/measures.toml",
        "--measure", "soon", "--holidays", "XX",
    )  # fmt: skip
    assert isinstance(done.exception, InputFaults)
    text = str(done.exception)
    for expected in (
        "one column temperature_c, or temperature_f", "pieces.csv:2: day: found '2023-13-02'", "pieces.csv:3: pieces: found 'a lot'",
        "expected 2024-01-02 or later, where it begins", "--measure: found 'soon'", "--holidays: found 'XX'",
    ):  # fmt: skip
        assert expected in text, text
    assert done.exception.exit_code == 2


def test_a_day_is_the_sum_of_amounts_and_the_mean_of_temperatures(tmp_path: Path) -> None:
    """23:30 UTC of the day before is 0:30 in Berlin; 68 °F are 20 °C."""
    (tmp_path / "made.csv").write_text(
        "start_utc;pieces\n2026-01-01T23:30:00Z;3,5\n2026-01-02T10:00:00Z;4\n2026-01-03T10:00:00Z;\n"
    )
    assert read_amounts(tmp_path / "made.csv", BERLIN) == {"pieces": {date(2026, 1, 2): 7.5}}
    (tmp_path / "t.csv").write_text("start_utc,temperature_f\n2026-01-02T00:00:00Z,60\n2026-01-02T12:00:00Z,76\n")
    assert read_temperature(tmp_path / "t.csv", BERLIN) == {date(2026, 1, 2): pytest.approx(20.0)}


def test_a_day_with_few_temperatures_has_no_mean(tmp_path: Path) -> None:
    hours = [f"2026-01-02T{hour:02}:00:00Z,5" for hour in range(24)] + ["2026-01-03T00:00:00Z,5"]
    (tmp_path / "t.csv").write_text("\n".join(["start_utc,temperature_c", *hours]))
    assert set(read_temperature(tmp_path / "t.csv", ZoneInfo("UTC"))) == {date(2026, 1, 2)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("day,temperature_c\n2026-01-02,99\n", "99.0 °C on 2026-01-02; expected -60 to 60 °C outdoors"),
        ("day,temperature_c\n2026-01-02,5\n2026-01-02,6\n", "2026-01-02, a duplicate of line 2; expected each once"),
        ("day,temperature_c\n", "a header only"),
        ("time,temperature_c\n2026-01-02,5\n", "expected day or start_utc"),
        ("day,temperature_c\n2026-01-02\n", "1 cells; expected 2 cells"),
    ],
)
def test_a_temperature_file_with_a_fault_says_which(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputFaults) as caught:
        read_temperature(tmp_path / "t.csv", BERLIN)
    assert expected in str(caught.value)


def test_an_id_twice_and_an_event_that_ends_before_it_begins_are_faults(tmp_path: Path) -> None:
    file = tmp_path / "m.toml"
    file.write_text('[[measure]]\nid = "a"\nbegins = 2024-01-02\n[[measure]]\nid = "a"\nbegins = 2024-02-02\n')
    with pytest.raises(InputFaults, match="found a; expected each id once"):
        load_measures(file)
    file.write_text('[[event]]\nname = "fair"\nfirst = 2024-01-02\nlast = 2024-01-01\n')
    with pytest.raises(InputFaults, match="expected 2024-01-02 or later, its first day"):
        load_measures(file)


def test_a_saving_has_money_where_every_day_has_a_price(files: Path, tmp_path: Path) -> None:
    sample = Path(__file__).parents[2] / "billing" / "sample_tariff.toml"
    out = tmp_path / "b.json"
    arguments = ("--temperature", f"{files}/weather.csv", "--measure", "2024-01-02", "--tariff", str(sample), "--json", str(out))
    done = run(files, *arguments)
    assert done.exit_code == 0, done.output
    saving = json.loads(out.read_text())["measures"][0]["saving"]
    tariff = load_tariff(sample)
    hours = [datetime(2024, 1, 2, tzinfo=UTC) + timedelta(hours=place) for place in range(24 * 364)]
    prices = [marginal_energy_price_eur_per_kwh(tariff, hour) or 0.0 for hour in hours]
    assert min(prices) > 0
    worth = saving["saved_eur"]["value"] / saving["saved_kwh"]["value"]
    assert min(prices) - 1e-9 <= worth <= max(prices) + 1e-9
    assert worth == pytest.approx(sum(prices) / len(prices), rel=0.05)
    assert saving["saved_eur"]["low"] == pytest.approx(worth * saving["saved_kwh"]["low"])
