"""What scrap took of energy, money and CO2: by machine, product and shift. The one answer for page, API, report and command line.

In: what was counted, quarter hours of the machines' own meters, a price of each quarter hour, an emission factor.  Out: rows and their sums.

The energy of a block is shared by all pieces that were made in it, good ones, scrap and rework alike::

    energy of scrap = energy of the block while the machine worked * scrap / (good + scrap + rework)

That is how material flow cost accounting shares out energy (ISO 14051:2011, 5.3: by the quantities that become product and material loss).
Energy of quarter hours in which the machine drew no more than its standby power, or made nothing, went into no piece: it stands apart.
Pieces of several products in one block are taken to need the same each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import fsum

from domain.calendars import ShiftInstance, shift_instances
from domain.emission_factors import Carrier, EmissionFactors, Method, emitted
from domain.intervals import QUARTERS_PER_HOUR
from domain.plant import Plant
from domain.quality import QualityEvent, newest_events
from quarters.numbers import slot_of, slot_start
from scrap.blocks import Block, Made, blocks_of

PriceAt = Callable[[datetime], float | None]
"""What one more kilowatt-hour costs at an instant [EUR/kWh]; None where that is not known."""
LoadsKw = Mapping[str, Mapping[int, float]]
"""Machine -> quarter hour -> mean power [kW] of the meter that measures it alone; what is missing is not in it."""


@dataclass(frozen=True, slots=True)
class ScrapRow:
    """What one machine made of one product in one shift."""

    machine: str
    product: str
    """Empty: not known."""
    shift: str
    """Id of the shift; empty: outside of shifts, or counts that span several."""
    good: int | None
    scrap: int | None
    rework: int | None
    """None: nobody counted them."""
    scrap_kwh: float | None
    """None where nothing is known of its energy, or nobody counted scrap."""
    scrap_eur: float | None
    """None where a price or the energy is not known."""
    scrap_co2_kg: float | None
    """None without an emission factor, or without energy."""
    coverage: float | None
    """Share of the scrap whose energy is known, 0..1; None where there is no scrap."""
    kwh_per_piece: float | None
    """Energy of a piece, good or not, where it is known."""

    @property
    def scrap_share(self) -> float | None:
        """Share of scrap of all pieces, 0..1; None where it is not known."""
        if self.good is None or self.scrap is None:
            return None
        pieces = self.good + self.scrap + (self.rework or 0)
        return self.scrap / pieces if pieces else None


@dataclass(frozen=True, slots=True)
class MachineEnergy:
    """Where the energy of one machine went."""

    machine: str
    working_kwh: float
    """In quarter hours in which pieces were made."""
    idle_kwh: float
    """In all others, and while it drew no more than its standby power."""
    coverage: float
    """Share of the span's quarter hours whose energy is known, 0..1."""


@dataclass(frozen=True, slots=True)
class ScrapAccount:
    """The account of one span."""

    from_utc: datetime
    to_utc: datetime
    rows: tuple[ScrapRow, ...]
    """By machine, product and shift."""
    machines: tuple[MachineEnergy, ...]
    """Machines of which pieces were counted and that have a meter of their own."""
    without_meter: tuple[str, ...] = ()
    """Machines of which pieces were counted and whose energy no meter measures alone, those that the plant file does not name among them."""

    def by_machine(self) -> tuple[ScrapRow, ...]:
        """One row a machine; product and shift are empty."""
        return self._summed(lambda row: (row.machine, "", ""))

    def by_machine_and_product(self) -> tuple[ScrapRow, ...]:
        """One row a machine and product; shift is empty."""
        return self._summed(lambda row: (row.machine, row.product, ""))

    def by_product(self) -> tuple[ScrapRow, ...]:
        """One row a product; machine and shift are empty."""
        return self._summed(lambda row: ("", row.product, ""))

    def by_shift(self) -> tuple[ScrapRow, ...]:
        """One row a shift; machine and product are empty."""
        return self._summed(lambda row: ("", "", row.shift))

    @property
    def total(self) -> ScrapRow | None:
        """All rows in one; None where nothing was counted."""
        return next(iter(self._summed(lambda row: ("", "", ""))), None)

    def _summed(self, key: Callable[[ScrapRow], tuple[str, str, str]]) -> tuple[ScrapRow, ...]:
        groups: dict[tuple[str, str, str], list[ScrapRow]] = {}
        for row in self.rows:
            groups.setdefault(key(row), []).append(row)
        return tuple(_sum_of(*name, rows) for name, rows in sorted(groups.items()))


@dataclass(slots=True)
class _Sums:
    """What a row is made of."""

    made: list[Made] = field(default_factory=list)
    kwh: list[float] = field(default_factory=list)
    eur: list[float] = field(default_factory=list)
    kg: list[float] = field(default_factory=list)
    is_unpriced: bool = False
    is_without_factor: bool = False
    known_scrap: float = 0.0
    """Pieces whose energy is known."""
    working_kwh: list[float] = field(default_factory=list)
    pieces: float = 0.0
    """All pieces of the blocks of `working_kwh`."""


def scrap_account(
    plant: Plant,
    events: Iterable[QualityEvent],
    loads_kw: LoadsKw,
    price_at: PriceAt,
    from_utc: datetime,
    to_utc: datetime,
) -> ScrapAccount:
    """The account of ``[from_utc, to_utc)``: of the blocks that begin in it.

    Parameters
    ----------
    events
        Revisions in any order; of each event the newest counts.
    loads_kw
        Of the machines that a meter measures alone; machines that are not in it are `without_meter`. Blocks may reach `LONGEST_SPAN` beyond `to_utc`.
    """
    mine = (event for event in newest_events(events) if event.site == plant.site.id)
    standby_kw = {machine.id: machine.standby_kw for machine in plant.machines}
    blocks = [block for block in blocks_of(mine) if from_utc <= block.start_utc < to_utc]
    shifts = _Shifts(plant, from_utc, max((block.end_utc for block in blocks), default=to_utc))
    sums: dict[tuple[str, str, str], _Sums] = {}
    working: dict[str, set[int]] = {}
    for block in blocks:
        kw = loads_kw.get(block.machine)
        slots = worked_slots(block, kw or {}, standby_kw.get(block.machine, 0.0)) if block.pieces else ()
        working.setdefault(block.machine, set()).update(slots)
        _add(sums, block, kw, slots, price_at, shifts.of(block), plant.factors)
    rows = tuple(_row(*name, one) for name, one in sorted(sums.items()))
    counted = sorted(working)
    energies = tuple(_energy(m, working[m], loads_kw[m], from_utc, to_utc) for m in counted if m in loads_kw)
    return ScrapAccount(from_utc, to_utc, rows, energies, tuple(m for m in counted if m not in loads_kw))


def worked_slots(block: Block, kw: Mapping[int, float], standby_kw: float) -> Sequence[int]:
    """The quarter hours of a block in which its machine worked: drew more than its standby power, or is not known to have rested.

    All of them where it never drew more: then the standby power says nothing of this machine.
    """
    slots = range(block.first_slot, block.end_slot)
    worked = [slot for slot in slots if slot not in kw or kw[slot] > standby_kw]
    return worked if any(slot in kw for slot in worked) else slots


def _add(
    sums: dict[tuple[str, str, str], _Sums],
    block: Block,
    kw: Mapping[int, float] | None,
    slots: Sequence[int],
    price_at: PriceAt,
    shift: str,
    factors: EmissionFactors,
) -> None:
    known = {slot: kw[slot] / QUARTERS_PER_HOUR for slot in slots if slot in kw} if kw is not None else {}
    is_known = bool(known) and block.is_whole
    for made in block.made:
        one = sums.setdefault((block.machine, made.product, shift), _Sums())
        one.made.append(made)
        if not is_known:
            continue
        share = (made.scrap or 0) / block.pieces
        one.working_kwh.append(fsum(known.values()) * made.pieces / block.pieces)
        one.pieces += made.pieces * len(known) / len(slots)
        if not made.scrap:
            continue
        one.known_scrap += made.scrap * len(known) / len(slots)
        one.kwh.append(fsum(known.values()) * share)
        prices = [(kwh, price_at(slot_start(slot))) for slot, kwh in known.items()]
        drawn = emitted(factors, Carrier.ELECTRICITY, Method.LOCATION, ((slot_start(slot), kwh) for slot, kwh in known.items()))
        one.is_without_factor |= drawn.without_factor > 0
        one.kg.append((drawn.kg or 0.0) * share)
        one.is_unpriced |= any(price is None for _, price in prices)
        one.eur.append(fsum(kwh * (price or 0.0) for kwh, price in prices) * share)


def _row(machine: str, product: str, shift: str, one: _Sums) -> ScrapRow:
    good, scrap, rework = (_count(getattr(made, name) for made in one.made) for name in ("good", "scrap", "rework"))
    kwh = None if scrap is None else 0.0 if scrap == 0 else fsum(one.kwh) if one.kwh else None
    return ScrapRow(
        machine, product, shift, good, scrap, rework,
        kwh,
        None if kwh is None or one.is_unpriced else fsum(one.eur),
        None if kwh is None or one.is_without_factor else fsum(one.kg),
        min(1.0, one.known_scrap / scrap) if scrap else None,
        fsum(one.working_kwh) / one.pieces if one.pieces else None,
    )  # fmt: skip


def _sum_of(machine: str, product: str, shift: str, rows: Sequence[ScrapRow]) -> ScrapRow:
    """Several rows in one. Money and CO2 are known only where they are for every row whose energy is."""
    with_kwh = [row for row in rows if row.scrap_kwh is not None]
    scrap = _count(row.scrap for row in rows)
    covered = fsum((row.coverage or 0.0) * (row.scrap or 0) for row in rows)
    measured = [(row.kwh_per_piece, row.pieces_counted) for row in map(_Counted, rows) if row.kwh_per_piece is not None]
    pieces = sum(count for _, count in measured)
    return ScrapRow(
        machine, product, shift, _count(row.good for row in rows), scrap, _count(row.rework for row in rows),
        fsum(row.scrap_kwh or 0.0 for row in with_kwh) if with_kwh else None,
        _whole(row.scrap_eur for row in with_kwh), _whole(row.scrap_co2_kg for row in with_kwh),
        covered / scrap if scrap else None,
        fsum(kwh * count for kwh, count in measured) / pieces if pieces else None,
    )  # fmt: skip


class _Counted:
    """A row with the pieces that its energy per piece rests on."""

    def __init__(self, row: ScrapRow) -> None:
        self.kwh_per_piece = row.kwh_per_piece
        self.pieces_counted = (row.good or 0) + (row.scrap or 0) + (row.rework or 0)


def _whole(values: Iterable[float | None]) -> float | None:
    found = list(values)
    known = [value for value in found if value is not None]
    return fsum(known) if found and len(known) == len(found) else None


def _count(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _energy(machine: str, worked: set[int], kw: Mapping[int, float], from_utc: datetime, to_utc: datetime) -> MachineEnergy:
    slots = range(slot_of(from_utc), slot_of(to_utc - timedelta(microseconds=1)) + 1)
    known = {slot: kw[slot] / QUARTERS_PER_HOUR for slot in slots if slot in kw}
    return MachineEnergy(
        machine,
        fsum(kwh for slot, kwh in known.items() if slot in worked),
        fsum(kwh for slot, kwh in known.items() if slot not in worked),
        len(known) / len(slots) if slots else 0.0,
    )


class _Shifts:
    """Which shift a block lies in."""

    def __init__(self, plant: Plant, from_utc: datetime, to_utc: datetime) -> None:
        self._instances = list(shift_instances(plant.shifts, plant, from_utc, to_utc))
        self._of = {machine.id: machine.shifts for machine in plant.machines}

    def of(self, block: Block) -> str:
        """Of its machine's shifts the first that holds it whole; empty where none does."""
        wanted = self._of.get(block.machine, ())
        found = (one for one in self._instances if not wanted or one.shift in wanted)
        return next((one.shift for one in found if _holds(one, block)), "")


def _holds(instance: ShiftInstance, block: Block) -> bool:
    return instance.start_utc <= block.start_utc and block.end_utc <= instance.end_utc
