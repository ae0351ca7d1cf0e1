"""A meter that refuses something, is busy, or falls silent, over real sockets: what it gives flows, what it does not is named."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hand_modbus_server import HandServer, Manner
from recording_modbus import START_UTC, polling, run

from connectors.channels import Channel, RefusedChannel
from connectors.modbus import learned
from connectors.modbus.poller import PolledDevice
from connectors.modbus.profile import load_profile
from domain.clock import epoch_ms
from domain.plant import RegisterKind

PROFILE = load_profile("siemens_pac3200")
WORDS = {3: dict.fromkeys(range(1, 203), 0) | dict.fromkeys(range(801, 841), 0)}
FREQUENCY, POWER, ENERGY = 55, 65, 801


def pac(
    channels: Sequence[str] = ("energy_import", "power", "frequency"),
    device: str = "main-meter",
    unit: int = 1,
    every_s: float = 10.0,
) -> PolledDevice:
    sources = {
        "energy_import": ("active_energy_import", RegisterKind.COUNTER),
        "power": ("active_power_total", RegisterKind.GAUGE),
        "frequency": ("frequency", None),
    }
    return PolledDevice(
        device,
        unit,
        PROFILE,
        [Channel(device, "main", name, sources[name][0], kind=sources[name][1], every_s=every_s) for name in channels],
    )


def server(manner: Manner, first: int, last: int) -> HandServer:
    """Answers in that manner whatever touches the registers from `first` to `last`."""
    return HandServer(
        dict.fromkeys((1, 2), WORDS),
        manner=lambda unit, f, address, count: manner if address <= last and first < address + count else None,
    )


@pytest.mark.parametrize("manner", [1, 2, 3, 4, 8, "silent", "closes"])
def test_a_meter_that_refuses_one_register_is_read_else_and_the_register_is_named(manner: Manner) -> None:
    async def main() -> None:
        async with server(manner, FREQUENCY, FREQUENCY + 1) as meter, polling(meter.port, pac(), timeout_s=0.2) as received:
            await received.until(lambda: bool(received.refused))
            await received.until_more(3, "energy_import", "power")
            assert received.values("frequency") == []
            ((device, (refused,)),) = received.refused
            assert (device, refused.channel) == ("main-meter", "frequency")
            assert refused.source == "frequency, function 3 registers 55 to 56"
            expected = "no answer" if isinstance(manner, str) else f"exception {manner:02d}, "
            assert refused.why.startswith(expected)
            assert received.states[-1] == ("main-meter", "connected")
            assert "refused" not in {state for _, state in received.states}

    run(main)


@pytest.mark.parametrize("manner", [2, "silent"])
def test_a_meter_that_refuses_its_energy_still_gives_its_power(manner: Manner) -> None:
    async def main() -> None:
        async with server(manner, ENERGY, ENERGY + 7) as meter, polling(meter.port, pac(), timeout_s=0.2) as received:
            await received.until(lambda: bool(received.refused))
            await received.until_more(3, "power", "frequency")
            assert [one.channel for one in received.refused[-1][1]] == ["energy_import"]

    run(main)


def test_a_meter_that_refuses_long_reads_is_read_in_short_ones() -> None:
    async def main() -> None:
        async with (
            HandServer({1: WORDS}, manner=lambda unit, f, address, count: 3 if count > 4 else None) as meter,
            polling(meter.port, pac()) as received,
        ):
            await received.until_more(3, "energy_import", "power", "frequency")
            assert received.refused == []
            assert {count for *_, count in map(requests, meter.requests[-4:])} <= {2, 4}

    run(main)


def requests(request: bytes) -> tuple[int, int]:
    """Address and count of a request."""
    address, count = struct.unpack(">HH", request[8:12])
    return address, count


def test_a_register_that_is_given_again_is_read_again_and_that_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "FIRST_AGAIN_S", 0.05)

    async def main() -> None:
        async with server(2, FREQUENCY, FREQUENCY + 1) as meter, polling(meter.port, pac()) as received:
            await received.until(lambda: bool(received.refused))
            meter.manner = lambda *_: None
            await received.until_more(2, "frequency", "power")
            assert [len(refused) for _, refused in received.refused] == [1, 0]

    run(main)


def test_a_meter_that_refuses_everything_is_refused_and_named_and_comes_back_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learned, "FIRST_AGAIN_S", 0.05)

    async def main() -> None:
        async with server(2, 0, 65_535) as meter, polling(meter.port, pac()) as received:
            await received.until(lambda: bool(received.refused))
            assert received.states == [("main-meter", "refused")]
            assert received.reasons == ["none of its 3 channels is given"]
            assert len(received.refused[-1][1]) == 3
            meter.manner = lambda *_: None
            await received.until_more(2, "frequency", "power", "energy_import")
            assert received.states[1:] == [("main-meter", "connected")]
            assert received.refused[-1] == ("main-meter", ())

    run(main)


@pytest.mark.parametrize("manner", [5, 6, 10, 11, "silent"])
def test_a_meter_that_gives_nothing_any_more_is_stalled_after_the_stated_time_and_connected_when_it_gives_again(
    manner: Manner,
) -> None:
    async def main() -> None:
        requests = 0

        def busy_from_the_ninth(*_: int) -> Manner:
            nonlocal requests
            requests += 1
            return manner if requests > 8 else None

        device = pac()
        device.stalled_after_s = 300.0  # half a second of ours
        async with (
            HandServer({1: WORDS}, manner=busy_from_the_ninth) as meter,
            polling(meter.port, device, timeout_s=0.1) as received,
        ):
            await received.until(lambda: len(received.states) == 2)
            assert received.states == [("main-meter", "connected"), ("main-meter", "stalled")]
            expected = "no answer within 0.1 s" if manner == "silent" else f"exception {manner:02d}, "
            assert received.reasons[1].startswith("no reading for 300 s: 127.0.0.1:")
            assert expected in received.reasons[1]
            assert received.refused == []
            meter.manner = lambda *_: None
            await received.until_more(2, "frequency", "power", "energy_import")
            assert received.states[2:] == [("main-meter", "connected")]

    run(main)


def test_a_meter_that_is_busy_for_ever_is_read_ever_more_seldom() -> None:
    async def main() -> None:
        async with server(6, 0, 65_535) as meter, polling(meter.port, pac(), speed=6000.0) as received:
            await received.until(lambda: bool(received.states))
            assert received.states == [("main-meter", "stalled")]
            polls = len(meter.requests)
            assert polls <= 4, "after ten seconds of the plant's time, with a tick each 1.7 ms of ours"

    run(main)


def test_one_busy_answer_is_read_again_before_the_next_tick_and_changes_no_state() -> None:
    async def main() -> None:
        answers = iter([6, 6])
        device = pac(["power"], every_s=900.0)
        device.stalled_after_s = 600.0
        begin_utc = START_UTC - timedelta(seconds=30)
        async with (
            HandServer({1: WORDS}, manner=lambda *_: next(answers, None)) as meter,
            polling(meter.port, device, speed=300.0, begin_utc=begin_utc) as received,
        ):
            await received.until_more(1, "power")
            assert len(meter.requests) == 3
            assert received.states == [("main-meter", "connected")]
            ((_, observed_ms, *_),) = received.readings
            assert observed_ms < epoch_ms(START_UTC) + 900_000

    run(main)


def test_a_silent_meter_does_not_stop_the_one_beside_it_and_two_behind_one_address_are_distinguished() -> None:
    async def main() -> None:
        first, second = pac(["power"], "first", 1), pac(["power"], "second", 2)
        async with (
            HandServer({1: WORDS, 2: {3: dict.fromkeys(range(65, 67), 0x3F80)}}, silent={1}) as meter,
            polling(meter.port, first, second, timeout_s=0.1) as received,
        ):
            await received.until(lambda: ("first", "stalled") in received.states)
            await received.until(lambda: len(received.values("power", "second")) >= 5)
            assert received.values("power", "first") == []
            meter.silent.clear()
            await received.until(lambda: len(received.values("power", "first")) >= 2)
            assert set(received.values("power", "first")) == {0.0}
            assert set(received.values("power", "second")) == {struct.unpack(">f", b"\x3f\x80" * 2)[0]}
            assert meter.connections == 1

    run(main)


def test_two_channels_on_one_register_both_get_every_reading_of_one_read() -> None:
    async def main() -> None:
        device = pac(["power"])
        device.channels = [*device.channels, Channel("main-meter", "main", "power_copy", "active_power_total", every_s=10.0)]
        async with HandServer({1: WORDS}) as meter, polling(meter.port, device) as received:
            await received.until_more(3, "power", "power_copy")
            assert abs(len(received.values("power")) - len(received.values("power_copy"))) <= 1
            assert len(meter.requests) <= len(received.values("power")) + 1

    run(main)


def test_every_poll_is_a_reading_of_what_was_read_and_there_is_no_other() -> None:
    """A register that shows a new value only every third poll: nothing is left out, and nothing is put between."""

    async def main() -> None:
        served: list[float] = []
        words = dict(WORDS[3])

        def refresh_each_third(*_: int) -> Manner:
            served.append(float(100 + len(served) // 3))
            words.update(enumerate(struct.unpack(">2H", struct.pack(">f", served[-1])), POWER))
            return None

        async with (
            HandServer({1: {3: words}}, manner=refresh_each_third) as meter,
            polling(meter.port, pac(["power"])) as received,
        ):
            await received.until_more(12, "power")
        assert received.values("power") == served[: len(received.readings)]
        assert len(received.readings) >= len(served) - 1
        observed = [at_ms for _, at_ms, *_ in received.readings]
        assert observed == sorted(set(observed))

    run(main)


def test_refusals_are_named_for_people_and_their_number_is_bounded() -> None:
    from connectors.channels import MOST_NAMED, refused_text

    many = [RefusedChannel(f"c{number}", "s", "exception 02") for number in range(100)]
    assert refused_text(many[:2]) == "c0 (s): exception 02; c1 (s): exception 02"
    assert refused_text(many).endswith(f"; and {100 - MOST_NAMED} more")
    assert refused_text([]) == "no register is refused any more"
