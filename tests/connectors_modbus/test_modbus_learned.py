"""What is refused is cut out, everything else is read: for any device, whatever it refuses and how."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from recording_modbus import START_UTC

from connectors.channels import Channel
from connectors.modbus import learned as learned_module
from connectors.modbus.client import DeviceBusy, DeviceRefuses, NoAnswer
from connectors.modbus.learned import FIRST_AGAIN_S, LAST_AGAIN_S, Learned
from connectors.modbus.plan import Block, block_of, halves
from connectors.modbus.profile import Profile, all_profiles, load_profile
from connectors.modbus.reading import MOST_SILENT, Reader
from domain.clock import ScaledClock

PAC = load_profile("siemens_pac3200")
JANITZA = load_profile("janitza_umg96rm")
NAMES = ("active_power_total", "frequency", "active_energy_import")


def spans(blocks: list[Block]) -> list[tuple[int, int]]:
    return [(block.address, block.count) for block in blocks]


def test_a_refused_read_is_halved_until_the_refused_register_stands_alone_and_then_left_out() -> None:
    learned = Learned(PAC, 10.0)
    (low, energy) = learned.reads(NAMES, 0.0)
    assert spans([low, energy]) == [(55, 12), (801, 8)]
    frequency, power = learned.refused(low, "exception 02, illegal data address", 0.0)
    assert spans([frequency, power]) == [(55, 2), (65, 2)]
    assert learned.refused(frequency, "exception 02, illegal data address", 0.0) == ()
    assert spans(learned.reads(NAMES, 1.0)) == [(65, 2), (801, 8)]
    (reported,) = learned.refused_channels([Channel("d", "m", "f", "frequency"), Channel("d", "m", "p", "active_power_total")])
    assert str(reported) == "f (frequency, function 3 registers 55 to 56): exception 02, illegal data address"


def test_a_read_never_runs_over_a_refused_register_even_where_the_maker_lists_it_as_readable() -> None:
    learned = Learned(JANITZA, 10.0)
    refused = JANITZA.point("frequency")
    learned.refused(block_of((refused,)), "", 0.0)
    for names in (("active_power_total", "active_energy_import"), ("voltage_l1_n", "active_energy_import")):
        for read in learned.reads(names, 1.0):
            assert not (read.address < refused.end and refused.address < read.end)


def test_a_refused_register_is_read_again_ever_more_seldom_and_all_at_once_when_one_is_given_again() -> None:
    learned = Learned(PAC, 10.0)
    power, frequency = (block_of((PAC.point(name),)) for name in NAMES[:2])
    learned.refused(power, "", 0.0)
    learned.refused(frequency, "", 0.0)
    assert learned.reads(NAMES[:2], FIRST_AGAIN_S - 1) == []
    assert learned.reads(NAMES[:2], FIRST_AGAIN_S) == [power, frequency]
    at_s = FIRST_AGAIN_S
    for _ in range(20):
        learned.refused(frequency, "", at_s)
        waited_s = (learned.retry_s(["frequency"]) or 0.0) - at_s
        assert waited_s <= LAST_AGAIN_S
        at_s += waited_s
    assert waited_s == LAST_AGAIN_S
    learned.answered(power)
    assert frequency in learned.reads(NAMES[:2], at_s - LAST_AGAIN_S)


def test_a_sum_waits_for_all_of_its_registers_and_nothing_of_it_is_read_in_vain() -> None:
    learned = Learned(PAC, 10.0)
    second = block_of((PAC.point("active_energy_import_t2"),))
    learned.refused(second, "exception 02", 0.0)
    assert learned.reads(["active_energy_import"], 1.0) == []
    assert spans(learned.reads(["active_energy_import"], FIRST_AGAIN_S)) == [(801, 4), (805, 4)]
    assert [one.channel for one in learned.refused_channels([Channel("d", "m", "e", "active_energy_import")])] == ["e"]


def test_reads_that_were_cut_for_a_moment_are_whole_again_later() -> None:
    learned = Learned(JANITZA, 10.0)
    (whole,) = learned.reads(NAMES, 0.0)
    for part in learned.refused(whole, "exception 04, device failure", 0.0):
        learned.answered(part)
    assert len(learned.reads(NAMES, 1.0)) == 2
    assert learned.reads(NAMES, learned_module.FIRST_WHOLE_AGAIN_S) == [whole]


def test_one_lost_packet_cuts_nothing() -> None:
    learned = Learned(JANITZA, 10.0)
    (whole,) = learned.reads(NAMES, 0.0)
    for at_s in range(10):
        learned.unanswered(whole, "no answer", float(at_s), is_busy=False)
        learned.answered(whole)
    assert learned.reads(NAMES, 11.0) == [whole]


def test_a_register_that_is_always_busy_is_named_after_the_stated_time() -> None:
    learned = Learned(PAC, 10.0)
    frequency = block_of((PAC.point("frequency"),))
    channel = Channel("d", "m", "f", "frequency")
    for at_s in range(10):
        learned.unanswered(frequency, "exception 06, busy", float(at_s), is_busy=True)
    assert learned.refused_channels([channel]) == []
    learned.unanswered(frequency, "exception 06, busy", 10.0, is_busy=True)
    assert [one.why for one in learned.refused_channels([channel])] == ["exception 06, busy"]


Manner = Literal["refuses", "silent", "busy"]


@dataclass
class Device:
    """Refuses some registers and reads that are too long; answers zeros else."""

    refused: set[tuple[int, int]]
    longest: int
    manner: Manner
    requests: list[Block] = field(default_factory=list)

    def spoils(self, block: Block) -> bool:
        touched = {(block.function, address) for address in range(block.address, block.end)}
        return bool(touched & self.refused) or block.count > self.longest

    async def read(self, unit_id: int, block: Block) -> bytes:
        self.requests.append(block)
        if self.spoils(block):
            error = {"refuses": DeviceRefuses, "silent": NoAnswer, "busy": DeviceBusy}[self.manner]
            raise error("here", "exception 02, illegal data address")
        return bytes(2 * block.count)


@st.composite
def plants(draw: st.DrawFn) -> tuple[Profile, list[str], Device]:
    profile = draw(st.sampled_from(list(all_profiles())))
    names = draw(st.lists(st.sampled_from(profile.names()), min_size=1, max_size=12, unique=True))
    points = {part.name: part for name in names for part in profile.parts(name)}
    addresses = sorted({(point.function, address) for point in points.values() for address in range(point.address, point.end)})
    refused = draw(st.sets(st.sampled_from(addresses), max_size=4))
    return (
        profile,
        names,
        Device(refused, draw(st.sampled_from([4, 8, 20, 125])), draw(st.sampled_from(["refuses", "silent", "busy"]))),
    )


@settings(max_examples=300, deadline=None)
@given(plants())
def test_everything_that_is_not_refused_is_read_in_the_end_and_nothing_else_is_named(
    plant: tuple[Profile, list[str], Device],
) -> None:
    profile, names, device = plant
    channels = [Channel("d", "m", name, name) for name in names]
    given = {
        name
        for name in names
        if not any((p.function, a) in device.refused for p in profile.parts(name) for a in range(p.address, p.end))
    }
    learned = Learned(profile, patience_s=0.0)
    reader = Reader(cast(Any, device), 1, profile, learned, ScaledClock(START_UTC, START_UTC, 1.0))

    async def round_is_right() -> bool:
        device.requests.clear()
        found = await reader.round(names)
        assert device.manner != "silent" or sum(map(device.spoils, device.requests)) <= MOST_SILENT
        values = {name for name in names if all(part.name in found.values for part in profile.parts(name))}
        return values == given and {one.channel for one in learned.refused_channels(channels)} == set(names) - given

    async def main() -> None:
        rounds = 1 if device.manner == "refuses" else 60
        while not await round_is_right():
            rounds -= 1
            assert rounds, f"{sorted(given)} is not read"

    if given or device.manner == "refuses":  # a device that gives nothing and says nothing may as well be gone
        asyncio.run(main())


@given(st.sampled_from(list(all_profiles())), st.data())
def test_the_halves_of_a_read_hold_all_of_its_points_once(profile: Profile, data: st.DataObject) -> None:
    function = data.draw(st.sampled_from(sorted({point.function for point in profile.points})))
    known = [point for point in profile.points if point.function == function]
    points = data.draw(st.lists(st.sampled_from(known), min_size=2, max_size=8, unique_by=lambda point: point.name))
    left, right = halves(block_of(points))
    assert sorted(p.name for p in (*left.points, *right.points)) == sorted(p.name for p in points)
    assert abs(len(left.points) - len(right.points)) <= 1
