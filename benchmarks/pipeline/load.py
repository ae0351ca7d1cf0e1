"""A plant of many meters at 1 Hz, and the readings that its gateway would send.

    python -m benchmarks.pipeline.load --kafka HOST:PORT --namespace NS --meters 500 --seconds 3600 [--from MS] [--pace TIMES] [--live] [--history]

In: how many meters, how many seconds of plant time.  Out: a plant file, and readings on the topic whose values are a function of time
alone, so that what must come of them is known beforehand. A process of its own, so that its CPU time is distinguished.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.kafka.client import KafkaSettings
from domain.channels import IMPORT
from domain.clock import epoch_ms
from domain.topics import READINGS

SITE = "bench"
START_MS = epoch_ms(datetime(2026, 3, 2, 6, 0, tzinfo=UTC))
CHANNELS = (IMPORT, "power")
"""Each meter has a counter [Wh] and a gauge [W]; both are read once a second."""
MAX_POWER_KW = 400.0
PHASES = 50
"""Number of slices in which a live second is sent: meters are read one after the other, not all at once."""


def meter_id(number: int) -> str:
    """Name of the meter `number`; the first is the billing meter."""
    return "main" if number == 0 else f"m-{number:04d}"


def power_w(number: int, second: int) -> int:
    """Power [W] of a meter in a second: ten minutes on, five off, each meter shifted."""
    return 20_000 + number % 50 * 1_000 + (60_000 if (second + 37 * number) % 900 < 600 else 0)


def count_wh(number: int, second: int) -> int:
    """Counter [Wh] of a meter at a second: the integral of `power_w` since the year began counting for it, in whole Wh."""
    base_ws, on_ws = 20_000 + number % 50 * 1_000, 60_000
    whole, rest = divmod(second + 37 * number, 900)
    return (base_ws * second + on_ws * (600 * whole + min(rest, 600))) // 3600


def write_plant(folder: Path, meters: int) -> Path:
    """The plant file of a billing meter and the meters below it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = f'[site]\nid = "{SITE}"\ntimezone = "Europe/Berlin"\ncommissioned_utc = 2026-01-01T00:00:00Z\nbilling_meter = "main"\n'
    for number in range(meters):
        text += f'\n[[meter]]\nid = "{meter_id(number)}"\nmax_power_kw = {MAX_POWER_KW}\n'
        text += "" if number == 0 else 'parent = "main"\n'
        for channel, kind, unit in ((CHANNELS[0], "counter", "Wh"), (CHANNELS[1], "gauge", "W")):
            text += f'[[meter.register]]\nchannel = "{channel}"\nkind = "{kind}"\nunit = "{unit}"\nsampling_s = 1\nresolution = 1\n'
    path = folder / "plant.toml"
    path.write_text(text, encoding="utf-8")
    return path


class Sender:
    """Readings of some meters onto the topic, as the gateway's codec writes them."""

    def __init__(self, kafka: KafkaSettings, meters: int, origin: str) -> None:
        from confluent_kafka import Producer

        self._producer = Producer({
            "bootstrap.servers": kafka.bootstrap, "linger.ms": 5, "batch.size": 500_000, "acks": "all",
            "compression.type": "lz4", "queue.buffering.max.messages": 400_000,
        })  # fmt: skip
        self._topic = kafka.full_name(READINGS)
        self._heads = [_heads(number) for number in range(meters)]
        self._origin = origin

    def send(self, numbers: range, observed_ms: int, received_ms: int) -> None:
        """Both registers of some meters at one instant.

        Numbers rise with time over all processes of a run, as those of a gateway do: numbers that begin again would mean a clock that was set.
        """
        second = (observed_ms - START_MS) // 1000
        first_number = observed_ms // 1000 * len(self._heads)
        for number in numbers:
            key, energy, power = self._heads[number]
            stamps = f'{observed_ms},"received_ms":{received_ms},"value":'
            tail = f',"quality":"good","text":null,"gateway":"gw-1","sequence":{first_number + number},"origin":"{self._origin}"}}'
            self._produce(key, f"{energy}{stamps}{count_wh(number, second)}{tail}")
            self._produce(key, f"{power}{stamps}{power_w(number, second)}{tail}")

    def _produce(self, key: bytes, value: str) -> None:
        while True:
            try:
                self._producer.produce(self._topic, value, key)
                return
            except BufferError:
                self._producer.poll(0.02)

    def poll(self) -> None:
        """Let acknowledgements in."""
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until all is acknowledged."""
        self._producer.flush(120)


def _heads(number: int) -> tuple[bytes, str, str]:
    meter = meter_id(number)
    heads = [f'{{"site":"{SITE}","meter":"{meter}","channel":"{channel}","observed_ms":' for channel in CHANNELS]
    return f"{SITE}/{meter}".encode(), heads[0], heads[1]


def send_fast(sender: Sender, meters: int, from_ms: int, seconds: int, pace: float = math.inf) -> None:
    """Plant time second after second over all meters: at `pace` times real time, or as fast as the broker takes it."""
    begin = time.monotonic()
    for second in range(seconds):
        if (wait_s := begin + second / pace - time.monotonic()) > 0:
            time.sleep(wait_s)
        at_ms = from_ms + 1000 * second
        sender.send(range(meters), at_ms, at_ms + 12)
        sender.poll()


def send_live(sender: Sender, meters: int, seconds: int) -> None:
    """Plant time as it passes: each reading is sent at the instant that it bears."""
    begin = time.time()
    for slice_number in range(seconds * PHASES):
        until = begin + slice_number / PHASES
        while (wait_s := until - time.time()) > 0:
            time.sleep(wait_s)
        phase = slice_number % PHASES
        now_ms = int(time.time() * 1000)
        sender.send(range(meters * phase // PHASES, meters * (phase + 1) // PHASES), now_ms, now_ms)
        sender.poll()


def main(arguments: list[str]) -> None:
    """The process."""
    parser = argparse.ArgumentParser(description="Readings of a plant of many meters onto a topic.")
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--namespace", default="")
    parser.add_argument("--meters", type=int, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--from", dest="from_ms", type=int, default=START_MS)
    parser.add_argument("--pace", type=float, default=math.inf)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--history", action="store_true")
    chosen: Any = parser.parse_args(arguments)
    sender = Sender(KafkaSettings(chosen.kafka, chosen.namespace), chosen.meters, "history" if chosen.history else "live")
    if chosen.live:
        send_live(sender, chosen.meters, chosen.seconds)
    else:
        send_fast(sender, chosen.meters, chosen.from_ms, chosen.seconds, chosen.pace)
    sender.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
