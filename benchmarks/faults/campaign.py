"""The campaign: which faults in which order, what followed each, and the account at the end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kafka.errors import KafkaError

from benchmarks.faults import recovery, strikes
from benchmarks.faults.bench import Bench
from benchmarks.faults.outcome import Fault, Outcome
from benchmarks.faults.recovery import SETTLED
from benchmarks.faults.strikes import KILLED, Strike
from benchmarks.faults.topics import written_intervals
from benchmarks.faults.waits import TookTooLong
from domain.errors import LastgangError
from domain.intervals import QUARTER
from quarters.numbers import quarter_start
from reporting.ledger import Ledger

IN_FLIGHT_S = 0.75
"""Between a device's answer and the gateway's disk; what a kill finds on that way is as if it had not been asked for."""

SHOWN = {"ledger": recovery.await_value_after, "influx": recovery.await_influx_after, "topic": recovery.await_reading_after}
"""Where recovery shows -> what is waited for."""

Report = Callable[[Outcome, str], None]
"""Receives (fault, what happens)."""


@dataclass(slots=True)
class Account:
    """All that the campaign found."""

    seed: int
    kills: int
    outcomes: list[Outcome] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    """Kind -> why it was not done."""
    duration_s: float = 0.0
    meters: int = 0
    readings: int = 0
    rows: int = 0
    quarter_hours: int = 0
    rows_different: int = 0
    lost: int = 0
    in_flight: int = 0
    """Answers that a killed gateway had not yet on disk."""
    resent: int = 0
    restated_rows: int = 0
    """Rows that were published more than once: late readings came after a first publication, as they should."""
    trouble: list[str] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether nothing was lost and nothing differs."""
        return not (self.trouble or self.rows_different or self.lost) and all(outcome.is_well for outcome in self.outcomes)


def plan(kills: int, seed: int, only: Sequence[str], without: Iterable[str] = ()) -> list[tuple[Fault, Strike]]:
    """The faults in their order: kills of all parts in turn, shuffled, and the others in between.

    Parameters
    ----------
    only
        Kinds, or their beginnings, such as ``kill-kafka`` or ``cut``; none means all.
    without
        Kinds that cannot be done here.
    """
    chance = random.Random(seed)
    out = set(without)
    chosen = [part for part in KILLED if is_chosen(f"kill-{part}", only) and f"kill-{part}" not in out]
    rounds = [chance.sample(chosen, len(chosen)) for _ in range(-(-kills // max(1, len(chosen))))]
    found = [strikes.kill(part) for some in rounds for part in some][:kills]
    others = [fault for fault in strikes.others() if is_chosen(fault[0].kind, only) and fault[0].kind not in out]
    # In their own order, spread over the kills: what builds on each other keeps its turn.
    for place in sorted((chance.randint(0, len(found)) for _ in others), reverse=True):
        found.insert(place, others.pop())
    return found


def kinds() -> list[str]:
    """All kinds of faults."""
    return [*(f"kill-{part}" for part in KILLED), *(fault.kind for fault, _ in strikes.others())]


def is_chosen(kind: str, only: Sequence[str]) -> bool:
    """Whether `only` lets this kind through: none of it means all, a word also means all that begin with it."""
    return not only or any(kind == word or kind.startswith(f"{word}-") for word in only)


def run(bench: Bench, faults: Sequence[tuple[Fault, Strike]], seed: int, report: Report) -> Account:
    """Do all `faults` on a bench that has been started, and draw up the account."""
    begun = time.monotonic()
    chance = random.Random(seed)
    account = Account(seed, sum(fault.kind.startswith("kill-") for fault, _ in faults))
    for fault, strike in faults:
        outcome = Outcome(fault)
        account.outcomes.append(outcome)
        do(bench, strike, chance, outcome, report)
    _close(bench, account)
    account.duration_s = time.monotonic() - begun
    return account


def do(bench: Bench, strike: Strike, chance: random.Random, outcome: Outcome, report: Report) -> None:
    """One fault, its recovery, and the comparison of every row since the beginning."""
    resent = bench.undisturbed.topic.resent
    outcome.began_s = time.monotonic()
    outcome.at_plant = f"{bench.clock.now_utc():%H:%M:%S}"
    report(outcome, "strikes")
    try:
        recovered = strike(bench, chance, outcome)
        report(outcome, "recovers")
        SHOWN[recovered.shown_in](bench, recovered.since_utc)
        outcome.recover_s = time.monotonic() - recovered.since_s
        recovery.await_all_running(bench)
        report(outcome, "compared")
        fresh = recovery.await_equal(bench, quarter_start(recovered.since_utc) + QUARTER)
        outcome.rows_different = len(fresh)
        outcome.trouble += list(fresh.values())[:5]
    except TookTooLong as error:
        outcome.trouble.append(str(error))
    except (LastgangError, KafkaError, OSError, AssertionError) as error:
        outcome.trouble.append(f"{type(error).__name__}: {str(error)[:300]}")
    outcome.resent = bench.undisturbed.topic.resent - resent
    report(outcome, "done")


def _close(bench: Bench, account: Account) -> None:
    """Stop the readings, let everything come in, and compare all of it once more."""
    bench.waits.pass_time((SETTLED + QUARTER).total_seconds() / bench.clock.speed)
    until_utc = quarter_start(bench.undisturbed.event_time_utc - SETTLED)
    bench.gateway.end()
    topic = bench.undisturbed.topic
    fresh = recovery.await_equal(bench, until_utc)
    account.rows_different = len(bench.known_differences)
    account.trouble += [f"at the end: {words}" for words in list(fresh.values())[:10]]
    rows = [row for row in bench.ledger.rows() if row.end_utc <= until_utc]
    account.rows, account.quarter_hours = len(rows), len({row.start_utc for row in rows})
    account.restated_rows = sum(row.revision > 1 for row in rows)
    account.meters, account.readings, account.resent = len(bench.plant.meters), topic.readings, topic.resent
    _account_for_every_answer(bench, account)
    account.trouble += _contradictions(bench)


def _account_for_every_answer(bench: Bench, account: Account) -> None:
    """Every answer that a device gave is on the topic, but for those that a killed gateway had in its hands."""
    topic = bench.undisturbed.topic
    if topic.holes():
        account.trouble.append(f"{topic.holes()} numbers that the gateway gave never came to the topic")
    if topic.contradictory:
        account.trouble.append(f"{topic.contradictory} readings came twice with different content")
    for answer in bench.devices.served:
        if answer.value_wh in topic.counters.get(answer.meter, ()):
            continue
        if any(begun_s - IN_FLIGHT_S <= answer.real_s <= over_s for begun_s, over_s in bench.gateway.ends_s):
            account.in_flight += 1
            continue
        account.lost += 1
        culprit = [outcome for outcome in account.outcomes if outcome.began_s <= answer.real_s]
        if culprit:
            culprit[-1].lost += 1


def _contradictions(bench: Bench) -> list[str]:
    """What must never be in a ledger, whatever happened."""
    found: list[str] = []

    def question(ledger: Ledger) -> list[str]:
        conflicts = ledger.conflicts()
        return [f"{len(conflicts)} contradictions in the ledger, first {conflicts[0]}"] if conflicts else []

    found += bench.ledger.query(question) or []
    intervals = written_intervals(bench.stack.kafka)
    identities = [(i.meter, i.channel, i.start_utc, i.revision) for i in intervals]
    if len(identities) != len(set(identities)):
        found.append(f"{len(identities) - len(set(identities))} revisions came twice on the intervals topic")
    revisions: dict[tuple[str, str, datetime], set[int]] = {}
    for meter, channel, start_utc, revision in identities:
        revisions.setdefault((meter, channel, start_utc), set()).add(revision)
    holes = [identity for identity, numbers in revisions.items() if numbers != set(range(1, len(numbers) + 1))]
    if holes:
        found.append(f"{len(holes)} quarter hours whose revisions do not count up by one, first {holes[0]}")
    return found
