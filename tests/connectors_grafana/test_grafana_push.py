"""The push against a server that answers as Grafana 13 is documented to; no Grafana can run here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from grafana_stand_in import TOKEN, GrafanaStandIn, served

from connectors.grafana.push import GrafanaRefused, Server, push
from dashboards.flux import DATA_SOURCE_UID
from dashboards.frame import FOLDER, FOLDER_UID
from deploy.ports import free_port
from domain.errors import InputFaults
from simulation import demo_plant

SOURCE = {"uid": DATA_SOURCE_UID, "name": "Lastgang", "type": "influxdb", "secureJsonData": {"token": "influx-secret"}}
BOARDS = {"plan.json": {"uid": "fab-plan", "title": "Plan"}, "now.json": {"uid": "fab-now", "title": "Now"}}


@pytest.fixture
def grafana() -> Iterator[GrafanaStandIn]:
    with served() as server:
        yield server


def pushed(grafana: GrafanaStandIn, token: str = TOKEN, url: str = "") -> list[str]:
    return push(url or grafana.url, token, FOLDER, FOLDER_UID, SOURCE, BOARDS)


def refusal(grafana: GrafanaStandIn, token: str = TOKEN) -> str:
    """What a push that is refused says; it must have written nothing and hold no secret."""
    with pytest.raises(GrafanaRefused) as raised:
        pushed(grafana, token)
    assert grafana.writes() == []
    output = str(raised.value)
    assert grafana.url in output
    assert "secret" not in output
    return output


def test_a_first_push_makes_folder_source_and_dashboards_in_the_folder(grafana: GrafanaStandIn) -> None:
    assert pushed(grafana) == [f"{grafana.url}/d/fab-plan/plan", f"{grafana.url}/d/fab-now/plan"]
    assert grafana.writes() == [("POST", "/api/folders"), ("POST", "/api/datasources"), *[("POST", "/api/dashboards/db")] * 2]
    body = grafana.boards["fab-plan"]
    assert (body["folderUid"], body["overwrite"]) == (FOLDER_UID, True)


def test_a_second_push_updates_by_uid_and_makes_nothing_twice(grafana: GrafanaStandIn) -> None:
    pushed(grafana)
    grafana.requests.clear()
    pushed(grafana)
    assert grafana.writes() == [("PUT", f"/api/datasources/uid/{DATA_SOURCE_UID}"), *[("POST", "/api/dashboards/db")] * 2]
    assert len(grafana.sources) == len(grafana.folders) == 1


@pytest.mark.parametrize("end", ["", "/"])
def test_below_a_sub_path_it_works_with_and_without_a_slash(end: str) -> None:
    with served("/tools/grafana") as grafana:
        assert pushed(grafana, url=grafana.url + end)[0] == f"{grafana.url}/d/fab-plan/plan"


def test_a_proxy_that_takes_the_sub_path_off_is_put_into_the_links_again() -> None:
    assert Server.of("https://host/grafana").link("/d/fab-plan/plan") == "https://host/grafana/d/fab-plan/plan"
    assert Server.of("https://host/grafana/").link("/grafana/d/fab-plan/plan") == "https://host/grafana/d/fab-plan/plan"


def test_a_folder_of_that_name_under_another_uid_is_explained(grafana: GrafanaStandIn) -> None:
    grafana.folders["abc"] = {"uid": "abc", "title": FOLDER}
    assert "a folder 'Energy' is there already, under the uid 'abc'; rename it" in refusal(grafana)


def test_a_data_source_of_that_name_under_another_uid_is_explained(grafana: GrafanaStandIn) -> None:
    grafana.sources["zzz"] = {"uid": "zzz", "name": "Lastgang", "readOnly": False}
    output = refusal(grafana)
    assert "a data source 'Lastgang' is there already, under the uid 'zzz'" in output
    assert "('lastgang-influx'); rename or delete it" in output


def test_what_was_provisioned_from_files_is_explained_all_at_once(grafana: GrafanaStandIn) -> None:
    pushed(grafana)
    grafana.sources[DATA_SOURCE_UID]["readOnly"] = True
    grafana.provisioned |= {"fab-plan"}
    grafana.requests.clear()
    lines = refusal(grafana).splitlines()
    assert len(lines) == 2
    assert "the data source 'Lastgang' was provisioned from files and is read-only; update those files (`lastgang gra" in lines[0]
    assert "the dashboard 'Plan' was provisioned from files and is read-only" in lines[1]


@pytest.mark.parametrize("hidden", ["/api/folders", "/api/datasources", "/api/dashboards/uid/fab-plan"])
def test_what_the_token_may_not_list_is_explained_when_it_is_refused(hidden: str) -> None:
    with served(hidden=hidden) as grafana:
        grafana.folders["abc"] = {"uid": "abc", "title": FOLDER if hidden == "/api/folders" else "Other"}
        if hidden == "/api/datasources":
            grafana.sources["zzz"] = {"uid": "zzz", "name": "Lastgang", "readOnly": False}
        if hidden == "/api/dashboards/uid/fab-plan":
            grafana.provisioned |= {"fab-plan"}
        with pytest.raises(GrafanaRefused) as raised:
            pushed(grafana)
    words = {
        "/api/folders": "the folder 'Energy' is there already under another uid; the name is fixed: rename or delete that one",
        "/api/datasources": "the data source 'Lastgang' is there already under another uid",
    }
    assert words.get(hidden, "the dashboard 'Plan' was provisioned from files") in str(raised.value)


def test_a_token_that_is_not_known_is_distinguished_and_not_printed(grafana: GrafanaStandIn) -> None:
    assert "does not know the token in GRAFANA_TOKEN" in refusal(grafana, "another-secret")


def test_what_is_no_grafana_is_reported_and_a_sub_path_proposed() -> None:
    with served("/grafana") as grafana:
        root = grafana.url.removesuffix("/grafana")
        with pytest.raises(GrafanaRefused, match=rf"what answers at {root} is no Grafana; .* name that too: {root}/grafana"):
            pushed(grafana, url=root)


def test_where_nobody_answers_that_is_one_line() -> None:
    with pytest.raises(GrafanaRefused) as raised:
        push(f"http://127.0.0.1:{free_port()}", TOKEN, FOLDER, FOLDER_UID, SOURCE, BOARDS)
    assert "no Grafana answers at http://127.0.0.1:" in str(raised.value)
    assert "Connection refused); is it running, is the address right?" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["localhost:3000", "ftp://host", "http://", "http://host:port", "http://host:99999", "", "http://h/?a=b"]
)
def test_what_is_no_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(InputFaults, match=r"--url: found .*; expected an address such as http://127\.0\.0\.1:3000"):
        push(url, TOKEN, FOLDER, FOLDER_UID, SOURCE, BOARDS)


def test_a_login_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(InputFaults, match="an address without a login") as raised:
        push("http://admin:hunter2@host:3000", TOKEN, FOLDER, FOLDER_UID, SOURCE, BOARDS)
    assert "hunter2" not in str(raised.value)


def test_the_command_pushes_twice_with_the_influxdb_of_the_plants_settings(grafana: GrafanaStandIn, tmp_path: Path) -> None:
    demo_plant.write(tmp_path)
    (tmp_path / "stack.toml").write_text('[influx]\nurl = "http://db:8086"\norg = "werk"\nbucket = "energy"\n')
    command = [sys.executable, "-m", "lastgang.cli", "grafana", "push", "--plant", str(tmp_path), "--url", grafana.url]
    environment = {**os.environ, "GRAFANA_TOKEN": TOKEN, "INFLUX_TOKEN": "influx-secret"}
    for _ in range(2):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert all(line.startswith(f"{grafana.url}/d/") for line in done.stdout.splitlines())
    source = grafana.sources[DATA_SOURCE_UID]
    assert (source["url"], source["jsonData"]["organization"], source["jsonData"]["defaultBucket"]) == (
        "http://db:8086",
        "werk",
        "energy",
    )
