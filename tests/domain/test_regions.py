"""Holiday regions: two letters that are another country are no guess of ours."""

import pytest

from domain.errors import InputFaults
from domain.plant import load_plant
from domain.regions import region_fault, zone_countries


@pytest.mark.parametrize(
    ("region", "zone", "text"),
    [
        ("BW", "Europe/Berlin", "BW is Botswana (did you mean DE-BW?)"),
        ("BY", "Europe/Berlin", "BY is Belarus (did you mean DE-BY?)"),
        ("NW", "Europe/Berlin", "No country has the code 'NW' (did you mean DE-NW?)"),
        ("ZH", "Europe/Zurich", "did you mean CH-ZH?"),
        ("DE-XX", "Europe/Berlin", "one of DE's subdivisions, BB, BE, BW"),
        ("de-bw", "Europe/Berlin", "No country has the code 'de'"),
        ("FR", "Europe/Berlin", "FR is France. Where the plant really keeps those holidays, add holiday_region_abroad = true"),
        ("", "Europe/Berlin", "No country has the code ''"),
    ],
)
def test_a_region_that_is_not_what_was_meant_is_refused_with_what_was(region, zone, text):
    assert text in (region_fault(region, zone) or "")


@pytest.mark.parametrize(
    ("region", "zone"),
    [
        ("DE-BW", "Europe/Berlin"), ("DE", "Europe/Berlin"), ("AT-5", "Europe/Vienna"), ("US-NY", "US/Eastern"), ("BW", "Africa/Gaborone"),
        ("DK", "Europe/Berlin"), ("DE", "UTC"), ("IN", "Asia/Calcutta"), ("DE-Augsburg", "Europe/Busingen"),
    ],
)  # fmt: skip
def test_a_region_of_a_country_that_keeps_the_zone_is_taken(region, zone):
    assert region_fault(region, zone) is None


def test_another_country_is_taken_where_the_plant_file_confirms_it():
    assert region_fault("BW", "Europe/Berlin", abroad=True) is None
    assert region_fault("XX", "Europe/Berlin", abroad=True) is not None


def test_zones_have_their_countries_also_by_older_names():
    assert zone_countries("Europe/Zurich") >= {"CH"}
    assert zone_countries("US/Eastern") >= {"US"}
    assert zone_countries("UTC") == frozenset()


def test_the_plant_file_says_where_its_region_is_wrong(tmp_path):
    path = tmp_path / "plant.toml"
    text = '[site]\nid = "werk"\ntimezone = "Europe/Berlin"\ncommissioned_utc = 2026-01-01T00:00:00Z\nholiday_region = "{}"\n{}'
    path.write_text(text.format("BW", ""))
    with pytest.raises(InputFaults, match=r"plant\.toml:5: site\.holiday_region: found 'BW'; expected .*did you mean DE-BW"):
        load_plant(path)
    path.write_text(text.format("BW", "holiday_region_abroad = true\n"))
    assert load_plant(path).site.holiday_region == "BW"
