"""``lastgang grafana build`` and ``lastgang grafana push``."""

from __future__ import annotations

import os
from pathlib import Path

import click

_PLANT = click.option("--plant", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True, help="plant folder")
_URL = click.option("--influx-url", default=None, help="[default: [influx] of the plant's stack.toml, else http://127.0.0.1:8086]")
_ORG = click.option("--influx-org", default=None, help="[default: [influx] of the plant's stack.toml]")
_BUCKET = click.option("--influx-bucket", default=None, help="[default: likewise]")


@click.group()
def command() -> None:
    """Build, provision and push the Grafana dashboards."""


@command.command()
@_PLANT
@_URL
@_ORG
@_BUCKET
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option(
    "--dashboards-path", default="/var/lib/grafana/dashboards", show_default=True, help="where Grafana will see the JSON files"
)
def build(
    plant: Path, influx_url: str | None, influx_org: str | None, influx_bucket: str | None, out: Path, dashboards_path: str
) -> None:
    """Write dashboards and file provisioning (the token stays $INFLUX_TOKEN of Grafana's environment).

    \b
    Example:
      lastgang grafana build --plant werk-nord --influx-org werk --influx-bucket energy --out grafana
    """
    from dashboards.build import write
    from deploy.whereabouts import Whereabouts
    from domain.files import check_output_folder
    from domain.plant import load_plant

    check_output_folder(out)
    loaded = load_plant(plant / "plant.toml")
    influx = Whereabouts(plant).influx(influx_url, influx_org, influx_bucket)
    for path in write(out, loaded, influx.url, influx.org, influx.bucket, dashboards_path):
        click.echo(path)


@command.command()
@_PLANT
@_URL
@_ORG
@_BUCKET
@click.option("--url", required=True, help="Grafana, e.g. http://127.0.0.1:3000")
def push(plant: Path, influx_url: str | None, influx_org: str | None, influx_bucket: str | None, url: str) -> None:
    """Push folder, data source and dashboards (tokens from GRAFANA_TOKEN and INFLUX_TOKEN).

    \b
    Example:
      GRAFANA_TOKEN=... INFLUX_TOKEN=... lastgang grafana push --plant werk-nord --influx-org werk --influx-bucket energy --url http://127.0.0.1:3000
    """
    from connectors.grafana.push import push as push_all
    from dashboards.build import dashboards, data_source
    from dashboards.frame import FOLDER, FOLDER_UID
    from deploy.whereabouts import Whereabouts
    from domain.plant import load_plant
    from lastgang.secrets import require

    require("GRAFANA_TOKEN", "INFLUX_TOKEN")
    influx = Whereabouts(plant).influx(influx_url, influx_org, influx_bucket)
    source = data_source(influx.url, influx.org, influx.bucket) | {"secureJsonData": {"token": os.environ["INFLUX_TOKEN"]}}
    boards = dashboards(load_plant(plant / "plant.toml"))
    for link in push_all(url, os.environ["GRAFANA_TOKEN"], FOLDER, FOLDER_UID, source, boards):
        click.echo(link)
