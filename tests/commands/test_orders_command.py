"""``lastgang orders``: exit codes and words, and a file on its way to a real broker."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from plant_texts import plant

from connectors.kafka.client import KafkaSettings, RecordConsumer, readable
from connectors.orders.keyed import rows_of_objects
from domain.contracts import EXAMPLES
from domain.topics import ORDERS
from lastgang.cli import run

PRESS = """
[[machine]]
id = "press-1"
meter = "main"
rated_kw = 100
"""
HEAD = "Auftrag;Maschine;Start;Dauer\n"
FAR = "23.10.2050"
NOBODY = ["--kafka", "127.0.0.1:1"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plant.toml").write_text(plant("works", "main") + PRESS)
    return tmp_path


def sheet(folder: Path, *rows: str) -> Path:
    path = folder / "orders.csv"
    path.write_text(HEAD + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def test_a_dry_run_needs_no_broker_and_names_what_it_would_send(folder: Path, capsys: Any) -> None:
    path = sheet(folder, f"A;press-1;{FAR} 06:00;1:00", f"B;press-1;{FAR} 08:00;1:00")
    assert run(["orders", "import", str(path), "--plant", str(folder), "--dry-run", *NOBODY]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == ["2 new, 0 changed, 0 unchanged, 0 refused", "2 revisions would be sent; nothing was sent"]


def test_a_bad_row_is_named_and_ends_with_exit_code_two(folder: Path, capsys: Any) -> None:
    path = sheet(folder, f"A;press-1;{FAR} 06:00;1:00", f"B;pres-1;{FAR} 08:00;1:00")
    assert run(["orders", "import", str(path), "--plant", str(folder), "--dry-run", "--language", "de", *NOBODY]) == 2
    shown = capsys.readouterr()
    assert "orders.csv, row 3, column B (Maschine): gefunden „pres-1“; erwartet eine Maschine" in shown.err
    assert "1 revisions would be sent" in shown.out


@pytest.mark.parametrize("name", ["missing.csv", "plant.toml"])
def test_what_is_no_sheet_of_orders_is_one_clear_error(folder: Path, capsys: Any, name: str) -> None:
    assert run(["orders", "import", str(folder / name), "--plant", str(folder), "--dry-run", *NOBODY]) == 2
    assert "expected" in capsys.readouterr().err


def test_without_a_broker_nothing_is_sent_and_the_run_fails(folder: Path, capsys: Any) -> None:
    path = sheet(folder, f"A;press-1;{FAR} 06:00;1:00")
    assert run(["orders", "import", str(path), "--plant", str(folder), *NOBODY]) == 1
    assert "127.0.0.1:1" in capsys.readouterr().err


def test_a_template_must_be_a_workbook_by_its_name(folder: Path) -> None:
    assert run(["orders", "template", str(folder / "t.csv"), "--plant", str(folder)]) == 2
    assert run(["orders", "template", str(folder / "t.xlsx"), "--plant", str(folder)]) == 0


# -- with a broker -----------------------------------------------------------------------------------------------------


class Works:
    """A plant folder whose orders go to a topic of its own."""

    def __init__(self, folder: Path, bootstrap: str, namespace: str) -> None:
        self.folder, self.options = folder, ["--plant", str(folder), "--kafka", bootstrap, "--namespace", namespace]
        self.kafka = KafkaSettings(bootstrap, namespace)

    def take(self, *rows: str, options: tuple[str, ...] = ()) -> int:
        return run(["orders", "import", str(sheet(self.folder, *rows)), *options, *self.options])

    def log(self) -> list[tuple[str, int, str]]:
        with RecordConsumer(self.kafka, [ORDERS]) as consumer:
            orders = list(readable(consumer.read_to_end()))
        return sorted((order.job, order.revision, str(order.status)) for order in orders)


@pytest.fixture
def works(folder: Path, stack_kafka: Any, namespace: str) -> Works:
    return Works(folder, stack_kafka.bootstrap, namespace)


@pytest.mark.cluster
def test_a_file_is_imported_changed_and_a_vanished_order_is_cancelled_only_when_that_is_wanted(works: Works, capsys: Any) -> None:
    a, b = f"A;press-1;{FAR} 06:00;1:00", f"B;press-1;{FAR} 08:00;1:00"
    assert works.take(a, b) == works.take(a, b) == 0
    assert works.log() == [("A", 0, "planned"), ("B", 0, "planned")]
    assert works.take(a.replace("1:00", "1:30")) == 0
    assert "not in the file any more: B" in capsys.readouterr().out
    assert works.log() == [("A", 0, "planned"), ("A", 1, "planned"), ("B", 0, "planned")]
    assert works.take(f"A;nowhere;{FAR} 06:00;1:30", options=("--cancel-missing",)) == 2
    assert works.log()[2:] == [("B", 0, "planned"), ("B", 1, "cancelled")], "A is in the file, though it is wrong"
    assert run(["orders", "list", *works.options, "--language", "de"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed[-2:] == [
        "Auftrag;Artikel;Menge;Maschine;Frühester Start;Liefertermin;Start;Dauer;Vorgänger;Mannschaft;Fest;Status",
        next(line for line in listed if line.startswith("A;;;press-1;")),
    ]


@pytest.mark.cluster
def test_a_watched_file_is_imported_whenever_it_changes_also_after_a_bad_one(works: Works) -> None:
    path = sheet(works.folder, f"A;press-1;{FAR} 06:00;1:00")
    watching = subprocess.Popen(
        [sys.executable, "-u", "-m", "lastgang.cli", "orders", "import", str(path), "--watch", "--every", "0.05", *works.options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    timer = threading.Timer(60, watching.kill)
    timer.start()
    try:
        assert watching.stdout is not None
        until(watching.stdout, "1 revisions sent")
        replace_with(path, "no sheet at all\n")
        until(watching.stdout, "expected a row of headings")
        replace_with(path, f"{HEAD}A;press-1;{FAR} 07:00;1:00\nB;press-1;{FAR} 09:00;1:00\n")
        until(watching.stdout, "2 revisions sent")
    finally:
        watching.terminate()
        watching.wait(20)
        timer.cancel()
        watching.stdout.close()  # type: ignore[union-attr]
    assert works.log() == [("A", 0, "planned"), ("A", 1, "planned"), ("B", 0, "planned")]


def replace_with(path: Path, text: str) -> None:
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def until(lines: Iterator[str], words: str) -> None:
    for line in lines:
        if words in line:
            return
    pytest.fail(f"ended without {words!r}")


@pytest.mark.cluster
def test_the_page_hands_in_orders_beside_a_file_and_each_knows_what_the_other_sent(works: Works) -> None:
    from connectors.kafka.client import ensure_topics
    from console.board import Board
    from console.live import KafkaFeed
    from domain.clock import process_clock
    from domain.plant import load_plant

    ensure_topics(works.kafka)
    plant, clock = load_plant(works.folder / "plant.toml"), process_clock()
    board = Board(plant, KafkaFeed(works.kafka, plant, clock), clock, lambda: None, tuple)
    row = {"job": "A", "machine": "press-1", "start": f"{FAR} 06:00", "duration": "1:00"}
    try:
        assert works.take(f"A;press-1;{FAR} 06:00;1:00") == 0
        judgement = asyncio.run(board.put_orders(rows_of_objects([{**row, "quantity": 5}, {**row, "job": "B"}], "page"), "page"))
        assert [result.outcome for result in judgement.results] == ["changed", "new"]
        asyncio.run(board.cancel_order("B", "page"))
        assert works.take(f"A;press-1;{FAR} 06:00;1:00") == 0, "the file states nothing new"
    finally:
        board.close()
    assert works.log() == [("A", 0, "planned"), ("A", 1, "planned"), ("B", 0, "planned"), ("B", 1, "cancelled")]


def test_a_vanished_order_is_asked_about_at_a_terminal(capsys: Any, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    from connectors.orders.judging import Judgement
    from lastgang.commands import orders as command
    from words.speech import of_page

    order = EXAMPLES[ORDERS.name]
    answers = iter([True, False])
    monkeypatch.setattr("click.confirm", lambda *_, **__: next(answers))
    judgement = Judgement((), vanished=(order, replace(order, job="other")))
    words = of_page("en", ZoneInfo("Europe/Berlin"))
    assert command._to_cancel(judgement, cancel=False, asks=True, words=words) == [order]
    assert command._to_cancel(replace(judgement, names_are_whole=False), cancel=True, asks=True, words=words) == []
