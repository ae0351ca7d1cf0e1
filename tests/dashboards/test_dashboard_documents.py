"""What can be known of the dashboards without a Grafana."""

import json
from pathlib import Path

import pytest
import yaml

from dashboards.build import dashboards, write
from dashboards.flux import DATA_SOURCE_UID, select, tag_values
from domain.measurements import DEMAND_NOW
from domain.plant import load_plant

PLANT = load_plant(Path(__file__).parents[2] / "simulation" / "demo_plant" / "plant.toml")
BOARDS = dashboards(PLANT)


def test_uids_are_stable_unique_and_short_enough_for_an_address():
    uids = [board["uid"] for board in BOARDS.values()]
    assert uids == ["fab-running-quarter", "fab-plan", "fab-meters", "fab-findings", "fab-machines"]
    assert all(len(uid) <= 40 for uid in uids)


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_shows_the_plants_time_and_has_no_id_of_one_installation(name):
    assert BOARDS[name]["timezone"] == "Europe/Berlin"
    assert BOARDS[name].get("id") is None


@pytest.mark.parametrize("name", BOARDS)
def test_panels_have_their_own_ids_fit_the_grid_and_do_not_overlap(name):
    panels = BOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("name", BOARDS)
def test_every_panel_says_what_it_shows_and_asks_our_data_source(name):
    for panel in BOARDS[name]["panels"]:
        assert panel["description"]
        assert panel["datasource"]["uid"] == DATA_SOURCE_UID
        assert [target["datasource"]["uid"] for target in panel["targets"]] == [DATA_SOURCE_UID] * len(panel["targets"])


def test_a_query_for_a_field_that_nobody_writes_is_refused():
    with pytest.raises(ValueError, match="has no field"):
        select(DEMAND_NOW, ["projected_mw"])
    with pytest.raises(ValueError, match="has no tag"):
        tag_values(DEMAND_NOW, "line")


def test_provisioning_names_the_folder_and_keeps_the_token_out(tmp_path):
    paths = write(tmp_path, PLANT, "http://127.0.0.1:8086", "werk", "energy")
    assert len(paths) == 7
    source = yaml.safe_load((tmp_path / "provisioning/datasources/lastgang.yaml").read_text())["datasources"][0]
    provider = yaml.safe_load((tmp_path / "provisioning/dashboards/lastgang.yaml").read_text())["providers"][0]
    assert source["uid"] == DATA_SOURCE_UID
    assert source["secureJsonData"] == {"token": "$INFLUX_TOKEN"}
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
    assert json.loads((tmp_path / "dashboards/plan.json").read_text())["uid"] == "fab-plan"
