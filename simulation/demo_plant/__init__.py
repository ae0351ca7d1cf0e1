"""The plant of the demo as files: meters, machines, shifts, devices and tariff of Werk Nord.

In: ports, the instant at which the live span begins, a seed.  Out: a plant folder that `lastgang simulate` serves and
`lastgang gateway` reads.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from domain.instants import instant_text

TEMPLATE = Path(__file__).parent
DEMO_START_UTC = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)
"""Friday 06:00 local."""
DEFAULT_SEED = 7
ZONE = ZoneInfo("Europe/Berlin")
COLD_STORE = "[[flexible.cold_store]]"


def write(
    folder: Path,
    modbus_port: int = 5020,
    compressor_port: int | None = None,
    opcua_port: int = 4840,
    start_utc: datetime = DEMO_START_UTC,
    seed: int = DEFAULT_SEED,
    scale: float = 1.0,
    target_kw: float | None = None,
    billed_peak_kw: float | None = None,
    pulled: Sequence[tuple[str, datetime, datetime]] = (),
) -> Path:
    """Write the plant folder; files of the same name are replaced, others stay.

    Parameters
    ----------
    modbus_port
        Port of the Modbus gateway of both halls.
    compressor_port
        Port of the compressor house's Modbus gateway; the one after `modbus_port` if None.
    start_utc
        Where the simulated plant's live span begins, on a quarter hour. The tariff is made to hold in that year.
    scale
        Factor on the power of every machine, and so on the limits of every meter.
    target_kw, billed_peak_kw
        The site's target and the peak billed so far; those of the template, scaled, if None.
    pulled
        Meter, from, to: when somebody wants a meter to be out of reach.

    Returns
    -------
    Path
        The plant file in `folder`.
    """
    ports = {"port = 5020": f"port = {modbus_port}", "port = 5021": f"port = {compressor_port or modbus_port + 1}"}
    (folder / "devices").mkdir(parents=True, exist_ok=True)
    given = {"target_kw": target_kw, "billed_peak_kw": billed_peak_kw}
    plant = (TEMPLATE / "plant.toml").read_text(encoding="utf-8")
    scaled = _with_connection_for(_scaled(plant, scale, given), billed_peak_kw)
    (folder / "plant.toml").write_text(_for_day(_for_year(scaled, start_utc.year), start_utc), encoding="utf-8")
    tariff = (TEMPLATE / "tariff.toml").read_text(encoding="utf-8")
    (folder / "tariff.toml").write_text(_for_year(tariff, start_utc.year), encoding="utf-8")
    for template in sorted((TEMPLATE / "devices").glob("*.toml")):
        text = template.read_text(encoding="utf-8").replace("127.0.0.1:4840", f"127.0.0.1:{opcua_port}")
        text = re.sub(r"^port = \d+", lambda found: ports[found.group()], text, flags=re.MULTILINE)
        (folder / "devices" / template.name).write_text(text, encoding="utf-8")
    plugs = "".join(f'\n[[pulled]]\nmeter = "{m}"\nfrom_utc = {_toml(begin)}\nto_utc = {_toml(end)}\n' for m, begin, end in pulled)
    span = f"start_utc = {_toml(start_utc)}\nseed = {seed}\nscale = {scale}\n"
    (folder / "simulation.toml").write_text(span + plugs, encoding="utf-8")
    return folder / "plant.toml"


def _toml(instant: datetime) -> str:
    return instant_text(instant.astimezone(UTC))


def _scaled(plant: str, scale: float, given: dict[str, float | None]) -> str:
    """The plant file with every power times `scale`, and the site's figures as given. Vehicles and charge points are of one size everywhere."""

    def power(found: re.Match[str]) -> str:
        key, value = found.group(1), float(found.group(2)) * scale
        chosen = given.get(key)
        return f"{key} = {round(value if chosen is None else chosen, 1)}"

    keys = "max_power_kw|rated_kw|standby_kw|target_kw|billed_peak_kw"
    cold = f"{keys}|max_kw|heat_capacity_kwh_per_k|loss_kw_per_k|most_gain_kw|usual_gain_kw"
    before, mark, after = plant.partition(COLD_STORE)
    return mark.join(
        re.sub(rf"^({names}) = ([0-9.]+)", power, part, flags=re.MULTILINE) for names, part in ((keys, before), (cold, after))
    )


def _with_connection_for(plant: str, billed_peak_kw: float | None) -> str:
    """The grid connection carries twice the peak billed so far, as that of the template does; a given load may be any size."""
    if billed_peak_kw is None:
        return plant
    connection = re.compile(r'(id = "main"\nname = "[^"]*"\nmax_power_kw = )([0-9.]+)')
    return connection.sub(lambda found: f"{found.group(1)}{max(float(found.group(2)), round(2 * billed_peak_kw, 1))}", plant)


def _for_day(plant: str, start_utc: datetime) -> str:
    """What is new in the plant is new on the first live day."""
    return re.sub(r"^(from_day = )[0-9-]+", rf"\g<1>{start_utc.astimezone(ZONE).date()}", plant, flags=re.MULTILINE)


def _for_year(text: str, year: int) -> str:
    """Dates of the template's year and its turn, moved to `year`; a plant is commissioned a year before."""
    text = re.sub(r"^(commissioned_utc = )\d{4}", rf"\g<1>{year - 1}", text, flags=re.MULTILINE)
    text = re.sub(r"^(valid_from = |billed_peak_on = )\d{4}", rf"\g<1>{year}", text, flags=re.MULTILINE)
    return re.sub(r"^(valid_to = )\d{4}", rf"\g<1>{year + 1}", text, flags=re.MULTILINE)
