"""A load profile of any form as quarter hours of a channel: as all options say, in our own form, or by what the file shows."""

from __future__ import annotations

from pathlib import Path

from connectors.files.load_profile import Profile, ProfileOptions, ProfileRow, negative_fault, read_profile
from domain.intervals import IntervalQuality
from quarters.profiles.cells import Faults
from quarters.profiles.load import is_own_form
from quarters.profiles.sniff.read import Loaded, read_any
from quarters.profiles.sniff.reading import Assumption, ReadOptions


def read_file(path: Path, options: ReadOptions) -> tuple[Profile, tuple[Assumption, ...]]:
    """The quarter hours in `path`, and what was assumed to read it.

    Where the options name the columns, the label and the unit, nothing is looked for in the file.

    Raises
    ------
    Unclear
        With the questions that only a person can answer.
    InputFaults
        With the faults of the file; energy that is fed in is one, since a channel counts one direction.
    """
    stated = options.time_columns and options.column and options.label and options.unit and options.sheet is None
    if stated or options.first_start is not None or (not options.skip_lines and is_own_form(path)):
        return read_profile(path, _profile_options(options)), ()
    loaded = read_any(path, options)
    return _profile(path, loaded), loaded.assumptions


def _profile_options(options: ReadOptions) -> ProfileOptions:
    return ProfileOptions(
        timezone=options.timezone, label=options.label, time_columns=options.time_columns, power_column=options.column, unit=options.unit,
        status_column=options.status_column, status=options.status, decimal="," if options.decimal == "," else "." if options.decimal else None,
        date_order=options.date_order, midnight=options.midnight or "begins-day", first_start=options.first_start,
        skip_lines=options.skip_lines, unit_confirmed=options.unit_confirmed,
    )  # fmt: skip


def _profile(path: Path, loaded: Loaded) -> Profile:
    series, faults = loaded.series, Faults(path, "a file of energy that is drawn")
    qualities = series.qualities or [IntervalQuality.MEASURED] * len(series.starts)
    for line, value in zip(series.lines, series.values, strict=True):
        if value is not None and (expected := negative_fault(value)):
            faults.wrong(line, series.column, str(value), expected)
    faults.raise_if_any()
    rows = zip(series.lines, series.starts, series.quarters_uwh(), qualities, strict=True)
    return Profile(tuple(ProfileRow(line, start, energy, quality=quality) for line, start, energy, quality in rows))
