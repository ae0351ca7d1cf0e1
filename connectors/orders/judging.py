"""The one validation behind every door: rows and what is known -> the revisions to send, and what is wrong with the other rows.

A row states some fields. Against the last word of the same door only what differs counts; everything else stays as it is known now, so that a
sheet that is read again does not undo what advice, another program or a person at another door has changed in the meantime.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from heapq import heapify, heappop, heappush
from typing import Any

from pydantic import TypeAdapter, ValidationError

from connectors.orders.drafts import Draft, draft_of, repeated
from connectors.orders.known import Door, KnownOrders, Word, door_of, values_of
from connectors.orders.mapping import NO_MAPPING, OrderMapping
from connectors.orders.placing import Places
from connectors.orders.table import Note, OrderRow, Place, RowFault
from connectors.orders.values import Reading
from domain.instants import NEVER_UTC
from domain.order_rules import OrderFault, cycle_through, order_faults
from domain.orders import Order, OrderStatus, OtherMachine, Predecessor
from domain.plant import Plant
from quarters.numbers import quarter_start

_ORDER: TypeAdapter[Order] = TypeAdapter(Order)
ORDER_FIELDS = {"machine": "machine", "start_utc": "start", "earliest_utc": "earliest", "due_utc": "due", "deadline_utc": "deadline", "movable": "locked"}  # fmt: skip


class Outcome(StrEnum):
    """What became of one row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row."""

    place: Place
    job: str
    outcome: Outcome
    order: Order | None = None
    """As it is known after the row was taken; None where it was refused."""
    faults: tuple[RowFault, ...] = ()
    changed: tuple[str, ...] = ()
    """Fields that differ from the revision before."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows from all rows."""

    results: tuple[Result, ...]
    notes: tuple[Note, ...] = ()
    vanished: tuple[Order, ...] = ()
    """Planned orders that this source named before and does not name any more."""
    names_are_whole: bool = True
    """Whether each row names its job: else an order that seems to have vanished may be in a row that cannot be read."""

    @property
    def revisions(self) -> tuple[Order, ...]:
        """What is to be sent."""
        return tuple(r.order for r in self.results if r.order is not None and r.outcome in (Outcome.NEW, Outcome.CHANGED))

    @property
    def faults(self) -> tuple[RowFault, ...]:
        """All that is wrong, in the order of the rows."""
        return tuple(fault for result in self.results for fault in result.faults)

    def count(self, outcome: Outcome) -> int:
        """Rows of which this became."""
        return sum(result.outcome is outcome for result in self.results)


@dataclass(frozen=True, slots=True)
class Handing:
    """Who hands in, when, and how cells are to be read."""

    plant: Plant
    now_utc: datetime
    source: str
    mapping: OrderMapping = NO_MAPPING
    decimal: str | None = None
    """Decimal mark of the language of whoever types; the mapping's goes before it."""
    epoch_1904: bool = False

    @property
    def reading(self) -> Reading:
        """How cells are read."""
        m = self.mapping
        return Reading(self.plant.site.zone, m.decimal or self.decimal, m.date_order, m.duration_unit, m.skill, self.epoch_1904)


@dataclass
class _Case:
    """The rows of one handing on their way."""

    handing: Handing
    known: KnownOrders
    faults: list[RowFault] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def word(self, job: str) -> Word | None:
        """What this door stated of the job last."""
        return self.known.words.get((door_of(self.handing.source), job))


def judge(rows: Sequence[OrderRow], handing: Handing, known: KnownOrders) -> Judgement:
    """What becomes of each row; a bad one stops no other."""
    case = _Case(handing, known)
    drafts: list[Draft] = []
    for row in rows:
        draft, faults = draft_of(row, handing.plant, handing.mapping, handing.reading)
        case.faults += faults
        drafts += [] if draft is None else [draft]
    case.faults += repeated(drafts)
    drafts = _without_faulty(drafts, case)
    orders = _orders_of(drafts, case)
    named = {draft.job for draft in drafts} | {fault.job for fault in case.faults}
    results = tuple(_results(rows, orders, drafts, case))
    return Judgement(results, tuple(case.notes), tuple(_vanished(named, case)), "" not in named)


def _without_faulty(drafts: Iterable[Draft], case: _Case) -> list[Draft]:
    bad = {fault.place.row for fault in case.faults}
    return [draft for draft in drafts if draft.row.place.row not in bad]


def _orders_of(drafts: list[Draft], case: _Case) -> dict[str, Order]:
    """The orders that the rows come to; a row that waits for a refused one falls when its turn comes."""
    case.faults += _predecessor_faults(drafts, case)
    drafts = _without_faulty(drafts, case)
    built: dict[str, Order] = {}
    standing = dict(case.known.newest)
    places = _places(drafts, case)
    # Jobs with a start first: others must find what is taken. Then predecessors before what waits for them, the soonest due first.
    for draft in _in_turn(drafts, case):
        order = _built(draft, case, standing, places)
        if order is not None:
            built[draft.job] = standing[draft.job] = order
        if draft.job in standing:  # one whose row was refused stays where it is
            places.take(standing[draft.job])
    return built


def _places(drafts: Sequence[Draft], case: _Case) -> Places:
    mine = {draft.job for draft in drafts}
    others = [order for job, order in case.known.newest.items() if job not in mine]
    return Places(case.handing.plant, others, case.handing.now_utc)


def _in_turn(drafts: Sequence[Draft], case: _Case) -> Iterator[Draft]:
    by_job = {draft.job: draft for draft in drafts}
    waits = {draft.job: {p.job for p in _before(draft, case) if p.job in by_job} for draft in drafts}
    followers: dict[str, list[str]] = {}
    for job, before in waits.items():
        for predecessor in before:
            followers.setdefault(predecessor, []).append(job)

    def turn(draft: Draft) -> tuple[bool, datetime, int, str]:
        has_start = "start_utc" in draft.stated or (draft.job in case.known.newest and draft.start_from_utc is None)
        return not has_start, draft.stated.get("due_utc", NEVER_UTC), draft.row.place.row, draft.job

    ready = [turn(draft) for draft in drafts if not waits[draft.job]]
    heapify(ready)
    while ready:
        job = heappop(ready)[-1]
        yield by_job[job]
        for follower in followers.get(job, ()):
            waits[follower].discard(job)
            if not waits[follower]:
                heappush(ready, turn(by_job[follower]))


def _before(draft: Draft, case: _Case) -> tuple[Predecessor, ...]:
    known = case.known.newest.get(draft.job)
    found: tuple[Predecessor, ...] = draft.stated.get("predecessors", known.predecessors if known else ())
    return found


def _predecessor_faults(drafts: Sequence[Draft], case: _Case) -> Iterator[RowFault]:
    jobs = {job: tuple(p.job for p in order.predecessors) for job, order in case.known.newest.items()}
    jobs |= {draft.job: tuple(p.job for p in _before(draft, case)) for draft in drafts}
    for draft in drafts:
        for predecessor in _before(draft, case):
            if predecessor.job not in jobs:
                fault = OrderFault("predecessors", "predecessor_unknown", predecessor.job, {"job": predecessor.job})
                yield RowFault(draft.place_of("predecessors"), draft.job, fault)
        if way := cycle_through(draft.job, lambda job: jobs.get(job, ())):
            fault = OrderFault("predecessors", "cycle", " → ".join(way), {"job": draft.job})
            yield RowFault(draft.place_of("predecessors"), draft.job, fault)


# -- one order ---------------------------------------------------------------------------------------------------------


def _built(draft: Draft, case: _Case, standing: Mapping[str, Order], places: Places) -> Order | None:
    """The order that a row comes to beside the orders `standing` by job; None, with its faults, where it cannot be."""
    known = case.known.newest.get(draft.job)
    fields = _merged(draft, known, case.word(draft.job), case)
    for predecessor in fields["predecessors"]:
        if predecessor.job not in standing:  # its own row was refused
            _refuse(draft, case, OrderFault("predecessors", "predecessor_unknown", predecessor.job, {"job": predecessor.job}))
            return None
    if not fields.get("quarters"):
        if not (known and known.profile_kw):
            _refuse(draft, case, OrderFault("duration", "duration_missing", ""))
            return None
    elif fields["profile_kw"] and len(fields["profile_kw"]) != fields["quarters"]:
        fields["profile_kw"] = ()
        case.notes.append(Note("profile_dropped", {"job": draft.job}))
    _place(draft, fields, case, standing, places)
    try:
        order = _ORDER.validate_python(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "job"
        _refuse(draft, case, OrderFault(ORDER_FIELDS.get(name, name), "unreadable", str(first["input"])))
        return None
    # Cycles among the rows were found before; one may close over an order that stays as it is, since its row was refused.
    faults = order_faults(order, case.handing.plant, standing)
    for fault in faults:
        _refuse(draft, case, fault)
    return None if faults else order


def _refuse(draft: Draft, case: _Case, fault: OrderFault) -> None:
    case.faults.append(RowFault(draft.place_of(fault.field), draft.job, fault))


def _merged(draft: Draft, known: Order | None, word: Word | None, case: _Case) -> dict[str, Any]:
    """Fields of the next revision: what the row states and did not state before, else what is known, else what is usual."""
    now = quarter_start(case.handing.now_utc)
    fields: dict[str, Any] = {
        "site": case.handing.plant.site.id, "job": draft.job, "revision": 0, "machine": "", "product": "", "start_utc": None,
        "profile_kw": (), "earliest_utc": min(now, draft.stated.get("start_utc", now)), "due_utc": NEVER_UTC, "movable": True,
        "status": OrderStatus.PLANNED, "at_utc": case.handing.now_utc, "reason": "", "quarters": 0, "source": case.handing.source,
        "other_machines": (), "predecessors": (),
    }  # fmt: skip
    if known is not None:
        kept = {name: getattr(known, name) for name in Order.__dataclass_fields__}
        fields |= {**kept, "revision": known.revision + 1, "at_utc": fields["at_utc"], "reason": "", "source": fields["source"]}
        if _is_planned_again(draft, known, case):
            fields["status"] = OrderStatus.PLANNED
    before: Mapping[str, Any] = {} if word is None else word.values
    stated = dict(draft.stated) if draft.quarters is None else {**draft.stated, "quarters": draft.quarters}
    fields |= {name: value for name, value in stated.items() if name not in before or before[name] != value}
    _set_machines(draft, fields, before)
    return fields


def _is_planned_again(draft: Draft, known: Order, case: _Case) -> bool:
    """A sheet that still names what a person cancelled elsewhere does not plan it again; who cancelled it may."""
    door = door_of(case.handing.source)
    return known.status is OrderStatus.CANCELLED and (door is not Door.FILE or door_of(known.source) is door)


def _set_machines(draft: Draft, fields: dict[str, Any], before: Mapping[str, Any]) -> None:
    quarters = fields["quarters"] or len(fields["profile_kw"])
    stated = set(draft.machines)
    if stated and stated != _machines_of(before):  # else as before: advice may have chosen among them since
        machine = fields["machine"] if fields["machine"] in stated else draft.machines[0]
        fields["machine"] = machine
        fields["other_machines"] = tuple(OtherMachine(name, quarters) for name in draft.machines if name != machine and quarters)
    if draft.quarters is not None:
        fields["other_machines"] = tuple(
            other if other.quarters == quarters else OtherMachine(other.machine, quarters) for other in fields["other_machines"]
        )


def _machines_of(values: Mapping[str, Any]) -> set[str]:
    return {values["machine"], *(other.machine for other in values["other_machines"])} if values else set()


def _place(draft: Draft, fields: dict[str, Any], case: _Case, standing: Mapping[str, Order], places: Places) -> None:
    """Give a start to a job that has none; of a group the machine on which it ends first."""
    known = case.known.newest.get(draft.job)
    chooses = draft.is_group and fields["machine"] != (known.machine if known else "")
    quarters = fields["quarters"] or len(fields["profile_kw"])
    word = case.word(draft.job)
    if draft.start_from_utc is not None and (word is None or _day(word, case) != _day_of(draft.start_from_utc, case)):
        fields["start_utc"] = None
    if fields["start_utc"] is not None and not (chooses and "start_utc" not in draft.stated):
        return
    others: dict[str, int] = {other.machine: other.quarters for other in fields["other_machines"]} if chooses else {}
    machines = {fields["machine"]: quarters} | others
    known_ids = {machine.id for machine in case.handing.plant.machines}
    found = places.first({name: q for name, q in machines.items() if name in known_ids}, _ready(draft, fields, standing))
    if found is None:
        fields["start_utc"] = NEVER_UTC
        case.notes.append(Note("no_place", {"job": draft.job, "machine": fields["machine"]}))
        return
    machine, fields["start_utc"] = found
    if machine != fields["machine"]:
        others = {name: q for name, q in machines.items() if name != machine}
        fields["machine"], fields["other_machines"] = machine, tuple(OtherMachine(name, q) for name, q in others.items())
    local = fields["start_utc"].astimezone(case.handing.plant.site.zone)
    case.notes.append(Note("placed", {"job": draft.job, "machine": machine, "start": f"{local:%Y-%m-%d %H:%M}"}))


def _day(word: Word, case: _Case) -> date | None:
    start: datetime = word.values["start_utc"]
    return _day_of(start, case) if start < NEVER_UTC else None


def _day_of(instant: datetime, case: _Case) -> date:
    return instant.astimezone(case.handing.plant.site.zone).date()


def _ready(draft: Draft, fields: Mapping[str, Any], standing: Mapping[str, Order]) -> datetime:
    """From when on a job may start: released, its day come, its predecessors over."""
    ready = [fields["earliest_utc"], *([draft.start_from_utc] if draft.start_from_utc else [])]
    for predecessor in fields["predecessors"]:
        before = standing.get(predecessor.job)
        if before is not None and before.start_utc < NEVER_UTC:
            ready.append(before.end_utc + timedelta(minutes=predecessor.gap_min))
    latest: datetime = max(ready)
    return latest


# -- results -----------------------------------------------------------------------------------------------------------

SAME = {"revision", "at_utc", "reason", "source", "began_utc", "ended_utc"}
"""Fields that do not make a revision by themselves, and that no sheet has."""


def differences(before: Order, after: Order) -> tuple[str, ...]:
    """Fields in which two revisions differ."""
    one, other = values_of(before), values_of(after)
    return tuple(name for name in one if name not in SAME and one[name] != other[name])


def _results(rows: Sequence[OrderRow], orders: Mapping[str, Order], drafts: Sequence[Draft], case: _Case) -> Iterator[Result]:
    faults: dict[int, list[RowFault]] = {}
    for fault in case.faults:
        faults.setdefault(fault.place.row, []).append(fault)
    jobs = {draft.row.place.row: draft.job for draft in drafts}
    for row in rows:
        if mine := faults.get(row.place.row):
            yield Result(row.place, mine[0].job, Outcome.REFUSED, faults=tuple(mine))
        else:
            yield _result(row.place, orders[jobs[row.place.row]], case)


def _result(place: Place, order: Order, case: _Case) -> Result:
    known = case.known.newest.get(order.job)
    if known is None:
        return Result(place, order.job, Outcome.NEW, order)
    changed = differences(known, order)
    if (order.status, order.start_utc, order.duration_quarters) == (known.status, known.start_utc, known.duration_quarters):
        order = replace(order, began_utc=known.began_utc, ended_utc=known.ended_utc)  # as a machine's control showed them
    return Result(place, order.job, Outcome.CHANGED if changed else Outcome.UNCHANGED, order if changed else known, (), changed)


def _vanished(named: set[str], case: _Case) -> Iterator[Order]:
    """Orders that this source named last, that are planned and not over, and that it does not name now."""
    if door_of(case.handing.source) is not Door.FILE:
        return
    for job, order in sorted(case.known.newest.items()):
        word = case.word(job)
        is_mine = word is not None and word.source == case.handing.source
        if is_mine and job not in named and order.status is OrderStatus.PLANNED and order.end_utc > case.handing.now_utc:
            yield order


def cancelled(order: Order, now_utc: datetime, source: str) -> Order:
    """The revision that cancels an order."""
    return replace(order, revision=order.revision + 1, status=OrderStatus.CANCELLED, at_utc=now_utc, source=source, reason="")
