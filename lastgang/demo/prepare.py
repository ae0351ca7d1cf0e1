"""The demo's folder: plant, history and clock. What is there already is gone on from."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from deploy.ports import free_port
from deploy.settings import PlannerSection
from deploy.whereabouts import Whereabouts
from domain.clock import StartableClock
from domain.errors import Fault, InputFaults
from domain.files import output_file, write_whole
from domain.instants import instant_text
from domain.plant import Plant
from domain.toml_files import load_toml
from lastgang.demo.settings import DemoSettings
from lastgang.reading import asking, show_assumptions
from quarters.profiles.load import is_own_form
from quarters.profiles.sniff.read import read_any
from reporting.evidence.keys import KeyFolder
from simulation import demo_plant
from simulation.history import write_history
from simulation.layout import METERS
from simulation.replay import plan_replay, read_replay
from simulation.span import SpanSettings, load_span
from simulation.surprises import pulled_plug

_ZONE = ZoneInfo("Europe/Berlin")
_STACK_TOML = """## Ports and sizes of the demo's stack; see deploy/sample.toml for all settings.
home = "{home}"

[planner]
seconds = {seconds:g}
"""
_PLAN_WITHIN = timedelta(minutes=2)
"""Plant time in which a plan should be found; a real plant's clock leaves it all the seconds of the default."""


def import_mark(settings: DemoSettings) -> Path:
    """A file that is there once the history is in the intervals topic."""
    return settings.folder / "history.imported"


def prepare(settings: DemoSettings, console: Console) -> DemoSettings:
    """Write plant folder and history where they are not there yet; the devices' ports are chosen again at every start.

    Gives the settings with the load profile in the form that the simulator reads.
    """
    settings.folder.mkdir(parents=True, exist_ok=True)
    _check_same_load(settings)
    settings = _with_stamped_profile(settings)
    pulled = _pulled(settings)
    ports = {"modbus_port": free_port(), "compressor_port": free_port(), "opcua_port": free_port()}
    start_utc = settings.start_utc or demo_plant.DEMO_START_UTC
    if (settings.plant_dir / "simulation.toml").exists():
        start_utc = load_toml(settings.plant_dir / "simulation.toml", SpanSettings).start_utc
    seed = demo_plant.DEFAULT_SEED if settings.seed is None else settings.seed
    if settings.replay is not None:
        plan = plan_replay(read_replay(settings.replay), _ZONE, settings.start_utc)
        demo_plant.write(
            settings.plant_dir, **ports, start_utc=plan.start_utc, seed=seed,
            scale=plan.scale, target_kw=plan.target_kw, billed_peak_kw=plan.billed_peak_kw, pulled=pulled,
        )  # fmt: skip
    else:
        demo_plant.write(settings.plant_dir, **ports, start_utc=start_utc, seed=seed, pulled=pulled)
    seconds = min(PlannerSection().seconds, _PLAN_WITHIN.total_seconds() / settings.speed)
    stack_toml = _STACK_TOML.format(home=settings.folder / "stack", seconds=seconds)
    (settings.plant_dir / "stack.toml").write_text(stack_toml, encoding="utf-8")
    if not settings.history.exists():
        with console.status("simulating the five weeks before"), output_file(settings.history) as scratch:
            write_history(load_span(settings.plant_dir, settings.seed, settings.replay), scratch, sheet=settings.scrap_sheet)
    return settings


def demo_keys(settings: DemoSettings) -> KeyFolder:
    """The folder of the keys that the demo's ledger and reports are signed with, beside its ledger; on the plant's clock."""
    return KeyFolder(Whereabouts(settings.plant_dir).ledger.parent / "keys", StartableClock(settings.clock_file))


def make_key(settings: DemoSettings, plant: Plant) -> None:
    """The demo's reports are signed, too: its first key is made by itself, that of a real plant by a person (`lastgang keys new`)."""
    keys = demo_keys(settings)
    if not keys.keys():
        keys.add(plant.site.id)


def how_to_check(settings: DemoSettings) -> str:
    """The demo's key, and the commands that make a signed report of its month and check it."""
    (*_, key) = demo_keys(settings).keys()
    month = last_instant(settings).astimezone(_ZONE).strftime("%Y-%m")
    out = settings.folder / "reports"
    return (
        f"signed by {key.fingerprint}\n"
        f"  lastgang report --plant {settings.plant_dir} --month {month} --out {out}\n"
        f"  lastgang verify {out} --expect {key.fingerprint}"
    )


def _pulled(settings: DemoSettings) -> list[tuple[str, datetime, datetime]]:
    """The plugs pulled at earlier starts, and those of this one, from where the plant's time goes on."""
    known, after_utc = [], settings.start_utc or demo_plant.DEMO_START_UTC
    if (settings.plant_dir / "simulation.toml").exists():
        known = [(p.meter, p.from_utc, p.to_utc) for p in load_toml(settings.plant_dir / "simulation.toml", SpanSettings).pulled]
        after_utc = last_instant(settings)
    faults: list[Fault] = []
    for text in settings.pull:
        try:
            plug = pulled_plug(text, after_utc, _ZONE)
        except ValueError:
            faults.append(Fault("--pull", None, "pull", repr(text), "METER@HH:MM+MINUTES such as press-1@07:30+180"))
            continue
        (meter,) = plug.meters
        if meter not in METERS:
            faults.append(Fault("--pull", None, "pull", repr(text), f"a meter of {', '.join(METERS)}"))
        known.append((meter, datetime.fromtimestamp(plug.from_s, UTC), datetime.fromtimestamp(plug.to_s, UTC)))
    if faults:
        raise InputFaults(faults)
    return known


def _with_stamped_profile(settings: DemoSettings) -> DemoSettings:
    """A profile in a form of others is written in ours, once: the simulator reads no other."""
    if settings.replay is None or (settings.read_options.first_start is None and is_own_form(settings.replay)):
        return settings
    stamped, replay = settings.folder / "replay.csv", settings.replay
    if not stamped.exists():
        loaded = asking(replay, settings.read_options, lambda stated: read_any(replay, stated))
        show_assumptions(loaded.assumptions)
        with output_file(stamped) as scratch, scratch.open("w", encoding="ascii") as file:
            file.write("start_utc,power_kw\n")
            for start, power_kw in zip(loaded.series.starts, loaded.series.power_kw(), strict=True):
                file.write(f"{instant_text(start)},{'' if power_kw is None else format(power_kw, 'f')}\n")
    return replace(settings, replay=stamped)


def last_instant(settings: DemoSettings) -> datetime:
    """Where the plant's time goes on: what was remembered last, else the start of the live span."""
    remembered = settings.folder / "plant-time"
    if remembered.exists():
        return datetime.fromisoformat(remembered.read_text(encoding="ascii"))
    return load_toml(settings.plant_dir / "simulation.toml", SpanSettings).start_utc


def remember_instant(settings: DemoSettings, plant_utc: datetime) -> None:
    """Keep the plant's time for the next start."""
    remembered = settings.folder / "plant-time"
    write_whole(remembered, plant_utc.astimezone(UTC).isoformat())


def forget(settings: DemoSettings) -> None:
    """Start over: remove what earlier runs of the demo stored."""
    shutil.rmtree(settings.folder, ignore_errors=True)


def _check_same_load(settings: DemoSettings) -> None:
    """A folder belongs to one load: the simulated one, or one profile."""
    mark = settings.folder / "load"
    name = "simulated" if settings.replay is None else settings.replay.name
    if mark.exists() and mark.read_text(encoding="utf-8") != name:
        found = f"a demo of the load {mark.read_text(encoding='utf-8')!r}"
        raise InputFaults(
            [Fault(str(settings.folder), None, "folder", found, f"one of {name!r}; add --fresh, or name another --folder")]
        )
    mark.write_text(name, encoding="utf-8")
