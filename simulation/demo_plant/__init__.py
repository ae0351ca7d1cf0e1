"""The plant of the demo as files: meters, machines, shifts, devices and tariff of Werk Nord.

In: ports, the instant at which the live span begins, a seed.  Out: a plant folder that `lastgang simulate` serves and
`lastgang gateway` reads.
"""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

TEMPLATE = Path(__file__).parent
DEMO_START_UTC = datetime(2026, 10, 23, 4, 0, tzinfo=UTC)
"""Friday 06:00 local."""
DEFAULT_SEED = 7


def write(
    folder: Path,
    modbus_port: int = 5020,
    compressor_port: int | None = None,
    opcua_port: int = 4840,
    start_utc: datetime = DEMO_START_UTC,
    seed: int = DEFAULT_SEED,
) -> Path:
    """Write the plant folder; files of the same name are replaced, others stay.

    Parameters
    ----------
    modbus_port
        Port of the Modbus gateway of both halls.
    compressor_port
        Port of the compressor house's Modbus gateway; the one after `modbus_port` if None.
    start_utc
        Where the simulated plant's live span begins, on a quarter hour.

    Returns
    -------
    Path
        The plant file in `folder`.
    """
    ports = {"port = 5020": f"port = {modbus_port}", "port = 5021": f"port = {compressor_port or modbus_port + 1}"}
    (folder / "devices").mkdir(parents=True, exist_ok=True)
    for name in ("plant.toml", "tariff.toml"):
        shutil.copyfile(TEMPLATE / name, folder / name)
    for template in sorted((TEMPLATE / "devices").glob("*.toml")):
        text = template.read_text(encoding="utf-8").replace("127.0.0.1:4840", f"127.0.0.1:{opcua_port}")
        text = re.sub(r"^port = \d+", lambda found: ports[found.group()], text, flags=re.MULTILINE)
        (folder / "devices" / template.name).write_text(text, encoding="utf-8")
    instant = start_utc.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    (folder / "simulation.toml").write_text(f"start_utc = {instant}\nseed = {seed}\n", encoding="utf-8")
    return folder / "plant.toml"
