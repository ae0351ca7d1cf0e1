"""What the stamps of a file mean: which number is the day, which edge of the interval they name, whose clock they follow."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from quarters.profiles.sniff.reading import Assumption, Question, ReadOptions
from quarters.profiles.stamps import DateOrder, Label, Midnight, StampFault, aware_stamp, wall_clock, zone_named

CENTRAL = "Europe/Berlin"
"""Whose clock changes are looked for where nobody has named a zone."""
ORDERS: tuple[DateOrder, ...] = ("day-first", "month-first")
_DAY, _MARGIN = timedelta(days=1), timedelta(hours=2)
_OFFSET = re.compile(r"(?:[+-]\d\d:\d\d|Z)$")
_SLASHED = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?!\d)")
_IN_HEADING = re.compile(r"(?<![A-Za-z])(?:UTC|GMT)\s*([+-]\s?\d{1,2}(?::?\d{2})?)?(?![A-Za-z\d])")
_NAMED_ZONE = re.compile(r"(?<![A-Za-z])(?:Europe|Asia|America|Africa|Australia|Pacific|Atlantic)/[A-Z][A-Za-z_]+")
_WINTER = re.compile(r"winterzeit|normalzeit|ohne (?:sommerzeit|zeitumstellung)|(?<![A-Za-z])MEZ ganzj", re.IGNORECASE)
Verdict = Literal["changes", "blank", "fixed", "unknown"]


@dataclass(frozen=True, slots=True)
class Order:
    """The order of dates with slashes; None where there are none."""

    order: DateOrder | None
    assumptions: tuple[Assumption, ...] = ()


def is_aware(texts: Sequence[str]) -> bool:
    """Whether the stamps carry an offset."""
    return bool(texts) and all(_OFFSET.search(text) for text in (texts[0], texts[len(texts) // 2], texts[-1]))


def order_of(texts: Sequence[str], options: ReadOptions) -> Order | Question:
    """Which number of a date with slashes is the day: as stated, by one above 12, by days that follow one another; else a question."""
    found = [match for text in texts if (match := _SLASHED.match(text))]
    if not found:
        return Order(None)
    if options.date_order is not None:
        return Order(options.date_order)
    dates = [(int(one[1]), int(one[2]), int(one[3]) + (2000 if len(one[3]) == 2 else 0)) for one in found]
    if all(len(part) == 2 for one in found for part in one.groups()) and (question := _year_first(dates)):
        return question
    dates = [one for place, one in enumerate(dates) if place == 0 or one != dates[place - 1]]
    read: dict[DateOrder, list[date] | None] = {
        "day-first": _days([(year, second, first) for first, second, year in dates]),
        "month-first": _days(dates_us(dates)),
    }
    valid: list[DateOrder] = [order for order in ORDERS if read[order] is not None]
    if len(valid) == 1:
        place = 0 if valid[0] == "day-first" else 1
        sample = next(one for one in dates if one[place] > 12)
        return Order(valid[0], (Assumption(f"date_order_{valid[0].replace('-', '_')}", {"date": "{}/{}/{}".format(*sample)}),))
    if len(valid) == 2:
        if read["day-first"] == read["month-first"]:
            return Order("day-first")
        follow = [order for order in valid if _follow(read[order] or [])]
        if len(follow) == 1:
            return Order(follow[0], (Assumption(f"date_order_{follow[0].replace('-', '_')}_follow", {"days": str(len(dates))}),))
    expected = "which number is the day: --date-order day-first or month-first"
    shown = "{}/{}/{}".format(*dates[0])
    return Question("--date-order", "date_order", f"dates such as {shown}", expected, ("day-first", "month-first"), {"date": shown})


def with_whole_years(texts: Sequence[str]) -> list[str]:
    """Dates with slashes and two digits for the year with four of them."""
    return [
        f"{one[1]}/{one[2]}/20{one[3]}{text[one.end() :]}" if (one := _SLASHED.match(text)) and len(one[3]) == 2 else text
        for text in texts
    ]


def _year_first(dates: Sequence[tuple[int, int, int]]) -> Question | None:
    """A question where ``26-01-14`` may be January 2026 or January 2014, and the days do not show which."""
    different = [one for place, one in enumerate(dates) if place == 0 or one != dates[place - 1]]
    as_year_first = _days([(2000 + first, second, year - 2000) for first, second, year in different])
    others = (_days([(year, second, first) for first, second, year in different]), _days(dates_us(different)))
    if as_year_first is None or any(other is not None and _follow(other) for other in others):
        return None
    shown = f"{different[0][0]:02}/{different[0][1]:02}/{different[0][2] - 2000:02}"
    text = f"dates such as {shown}, whose first number may be the year"
    expected = "years of four digits in the file; or --date-order day-first or month-first if the year comes last"
    return Question("--date-order", "date_order_year", text, expected, ("day-first", "month-first"), {"date": shown})


def dates_us(dates: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Year, month and day where the month comes first."""
    return [(year, first, second) for first, second, year in dates]


def _days(parts: Sequence[tuple[int, ...]]) -> list[date] | None:
    try:
        return [date(*one) for one in parts]
    except ValueError:
        return None


def _follow(days: Sequence[date]) -> bool:
    """Whether each day is next to the one before, in one direction."""
    steps = {(after - before).days for before, after in pairwise(days)}
    return steps in ({1}, {-1})


@dataclass(frozen=True, slots=True)
class Walls:
    """Stamps of the rows as wall clocks, or as instants where they carry offsets; oldest first."""

    walls: list[datetime]
    """Without zone; of aware stamps the clock as it is written."""
    instants: list[datetime] | None
    newest_first: bool
    midnight: Midnight
    step: timedelta
    has_24: bool
    assumptions: tuple[Assumption, ...]


def walls_of(texts: Sequence[str], order: DateOrder | None, options: ReadOptions) -> Walls:
    """The wall clocks of the rows.

    Raises
    ------
    StampFault
        Naming the first one that is none.
    """
    assumed: list[Assumption] = []
    instants = None
    if is_aware(texts):
        instants = [_instant(text, row) for row, text in enumerate(texts)]
        walls = [datetime.fromisoformat(text).replace(tzinfo=None) for text in texts]
        rising = instants
    else:
        walls = [wall_clock(text, row, order) for row, text in enumerate(texts)]
        rising = walls
    newest_first = 2 * sum(after < before for before, after in pairwise(rising)) > len(rising) - 1
    if newest_first:
        walls = walls[::-1]
        instants = None if instants is None else instants[::-1]
        assumed.append(Assumption("newest_first"))
    has_24 = any(" 24:00" in text for text in texts)
    midnight = _midnight(walls, options) if instants is None and not has_24 else "begins-day"
    if midnight == "ends-day":
        walls = [wall + _DAY if wall.time() == time(0) else wall for wall in walls]
        if options.midnight is None:
            assumed.append(Assumption("midnight_ends_day"))
    return Walls(walls, instants, newest_first, midnight, _step(instants or walls), has_24, tuple(assumed))


def _instant(text: str, row: int) -> datetime:
    found = aware_stamp(text)
    if found is None:
        raise StampFault(row, repr(text), "a time with its offset, as in the other rows")
    return found


def _midnight(walls: Sequence[datetime], options: ReadOptions) -> Midnight:
    if options.midnight is not None:
        return options.midnight
    ends = begins = 0
    for before, wall in pairwise(walls):
        if wall.time() == time(0):
            ends += before.date() == wall.date() and before - wall >= timedelta(hours=12)
            begins += timedelta(0) < wall - before <= timedelta(hours=1)
    return "ends-day" if ends and not begins else "begins-day"


def _step(stamps: Sequence[datetime]) -> timedelta:
    """The most frequent distance of two rows; a quarter hour where there is one row only."""
    counts = Counter(after - before for before, after in pairwise(stamps) if after > before)
    return counts.most_common(1)[0][0] if counts else timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Edge:
    """Which edge of the interval the stamps name."""

    label: Label
    assumptions: tuple[Assumption, ...] = ()


def edge_of(found: Walls, heading: Label | None, heading_text: str, options: ReadOptions) -> Edge | Question:
    """Start or end: as stated, as the heading says, by ``24:00``, by where the days of the file begin and end; else a question."""
    if options.label is not None:
        return Edge(options.label)
    shown = {"first": f"{found.walls[0]:%Y-%m-%d %H:%M}", "last": f"{found.walls[-1]:%Y-%m-%d %H:%M}"}
    evidence: list[tuple[Label, str]] = []
    if heading is not None:
        evidence.append((heading, "heading"))
    if found.has_24:
        evidence.append(("end", "24_00"))
    if found.midnight == "ends-day":
        evidence.append(("end", "midnight"))
    if _is_counted(found.walls, found.step):
        evidence.append(("end", "double_hour"))
    evidence += [(label, "days") for label in _by_days(found, options)]
    labels = {label for label, _ in evidence}
    if len(labels) == 1:
        label, why = evidence[0]
        return Edge(label, (Assumption(f"label_{label}_{why}", {**shown, "heading": heading_text}),))
    text = f"first {shown['first']}, last {shown['last']}, which fit both starts and ends"
    expected = "which edge of the interval the stamps name: --label start or --label end"
    return Question("--label", "label", text, expected, ("start", "end"), shown)


def _by_days(found: Walls, options: ReadOptions) -> set[Label]:
    """What the first and the last stamp say where the file holds whole days, of its own clock or that of the place."""
    clocks = [(found.walls[0], found.walls[-1])]
    if found.instants is not None:
        zone = zone_named(options.timezone or options.home or CENTRAL)
        first, last = (found.instants[place].astimezone(zone).replace(tzinfo=None) for place in (0, -1))
        clocks.append((first, last))
    labels: set[Label] = set()
    for first, last in clocks:
        if first.time() == time(0) and (last + found.step).time() == time(0):
            labels.add("start")
        if (first - found.step).time() == time(0) and last.time() == time(0):
            labels.add("end")
    return labels


def _is_counted(walls: Sequence[datetime], step: timedelta) -> bool:
    """Whether the hour that comes twice ends at three o'clock twice, as only ends that are counted from local starts do."""
    hour = timedelta(hours=1)
    return any(
        after <= before
        and before - after == hour - step
        and before.time() == time(3)
        and before.month == 10
        and before.weekday() == 6
        for before, after in pairwise(walls)
    )


@dataclass(frozen=True, slots=True)
class Clock:
    """Whose clock the stamps follow; `zone` is None where they carry their offset."""

    zone: str | None
    blank_hours: frozenset[datetime] = frozenset()
    """Wall clocks of starts that are leapt over and stand in the file without a value."""
    assumptions: tuple[Assumption, ...] = ()


def clock_of_file(
    found: Walls, has_value: Sequence[bool], label: Label, heading: str, options: ReadOptions, words_above: str
) -> Clock | Question:
    """The zone of local stamps: as stated, as the file names it, by the days on which the clock changes, else that of the place."""
    if found.instants is not None:
        return Clock(None)
    named = options.timezone or _named_zone(heading, words_above)
    zone_name = named or options.home or CENTRAL
    zone = zone_named(zone_name)
    seen = _seen(found, has_value, zone)
    verdicts = {verdict for verdict, _ in seen if verdict != "unknown"}
    blank = frozenset(wall for verdict, hour in seen if verdict == "blank" for wall in hour)
    if options.timezone is not None:
        return Clock(zone_name, blank)
    if named is not None and not isinstance(zone, ZoneInfo):
        place = options.home or CENTRAL
        if any(verdict == "changes" for verdict, _ in _seen(found, has_value, zone_named(place))):
            text = f"{zone_name} named in the file, and times that change as in {place}"
            expected = f"the zone of the stamps: --timezone {place}, or --timezone {zone_name}"
            return Question("--timezone", "timezone_contradicted", text, expected, values={"zone": zone_name, "place": place})
    if named is not None and "fixed" not in verdicts:
        return Clock(zone_name, blank, (Assumption("zone_named", {"zone": zone_name}),))
    if verdicts and "fixed" not in verdicts:
        key = "zone_blank" if blank else "zone_changes"
        return Clock(zone_name, blank, (Assumption(key, {"zone": zone_name, "days": str(len(seen))}),))
    if not verdicts and options.home is not None and named is None:
        return Clock(zone_name, frozenset(), (Assumption("zone_home", {"zone": zone_name}),))
    expected = f"the zone of the stamps: --timezone {zone_name}, or +01:00 if the logger stays on winter time all year"
    if verdicts:
        text = f"no change of the clock on a day on which it changes in {zone_name}"
        return Question("--timezone", "timezone_fixed", text, expected, values={"zone": zone_name})
    return Question("--timezone", "timezone", "local times without a zone", expected, values={"zone": zone_name})


def _named_zone(heading: str, above: str) -> str | None:
    for text in (heading, above):
        if found := _NAMED_ZONE.search(text):
            try:
                zone_named(found[0])
            except ValueError:
                continue
            return found[0]
        if _WINTER.search(text):
            return "+01:00"
        if found := _IN_HEADING.search(text):
            shift = (found[1] or "+0").replace(" ", "").replace(":", "")
            hours, minutes = (shift[1:-2], shift[-2:]) if len(shift) > 3 else (shift[1:], "00")
            return f"{shift[0]}{int(hours):02}:{minutes}"
    return None


def _seen(found: Walls, has_value: Sequence[bool], zone: tzinfo) -> list[tuple[Verdict, tuple[datetime, ...]]]:
    """What the rows around each change of the clock in `zone` say: that the clock changes, that its hour is blank, that it does not."""
    counts = Counter(found.walls)
    valued = Counter(wall for wall, there in zip(found.walls, has_value, strict=True) if there)
    return [
        _verdict(counts, valued, before, shift, found.step) for before, shift in _changes(found.walls[0], found.walls[-1], zone)
    ]


def _verdict(
    counts: Counter[datetime], valued: Counter[datetime], before: datetime, shift: timedelta, step: timedelta
) -> tuple[Verdict, tuple[datetime, ...]]:
    """Of one change, from the number of rows within two hours of it; `before` is the wall clock at which it happens."""
    hour = abs(shift)
    begin = before if shift > timedelta(0) else before - hour
    from_wall, to_wall = begin - _MARGIN, begin + hour + _MARGIN
    window = [from_wall + place * step for place in range(1, (to_wall - from_wall) // step)]
    rows, with_value = (sum(some[wall] for wall in window) for some in (counts, valued))
    as_fixed = len(window)
    as_changing = as_fixed - shift // step
    if rows == as_changing:
        return "changes", ()
    gap = tuple(begin + place * step for place in range(hour // step + 1))
    if rows == as_fixed and shift > timedelta(0) and with_value <= as_changing and sum(valued[wall] for wall in gap) <= 1:
        return "blank", gap
    return ("fixed", ()) if rows == as_fixed else ("unknown", ())


def _changes(first: datetime, last: datetime, zone: tzinfo) -> list[tuple[datetime, timedelta]]:
    """Wall clock before each change of `zone` between two wall clocks, and by how much the clock is put forward."""
    if not isinstance(zone, ZoneInfo) or last - first > timedelta(days=20_000):
        return []
    instant, end = first.replace(tzinfo=zone).astimezone(UTC), last.replace(tzinfo=zone).astimezone(UTC)
    changes = []
    while instant < end:
        later = min(instant + _DAY, end)
        shift = _offset(later, zone) - _offset(instant, zone)
        if shift:
            low, high = instant, later
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if _offset(middle, zone) == _offset(instant, zone) else (low, middle)
            at = (high + timedelta(seconds=30)).replace(second=0, microsecond=0)
            changes.append(((at + _offset(instant, zone)).replace(tzinfo=None), shift))
        instant = later
    return changes


def _offset(instant: datetime, zone: tzinfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)
