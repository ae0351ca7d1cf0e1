"""How a bucket of raw records goes through a step and becomes outputs. Knows nothing of Flink."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import replace
from typing import Any, cast

import structlog

from domain.codec import UnreadableRecord, decode, encode
from domain.readings import CONTROL_CHANNELS, Rejection, RejectionReason
from domain.steps import Outputs, Records, RunStep, Step
from domain.texts import KEY_LENGTH, printable
from domain.topics import READINGS, REJECTED, Topic
from metering.intake import dated_ahead
from metering.runs import ReadingRun
from stream_jobs.buckets import Raw, unpack

log = structlog.get_logger("stream-jobs")


def read(raws: Sequence[Raw], key: str, rejected_elsewhere: Container[str] = ()) -> tuple[list[tuple[Topic, Any]], Outputs]:
    """Records that can be used, and rejections of those that cannot be read, lie under another record's key, or are dated ahead of the plant's clock."""
    good: list[tuple[Topic, Any]] = []
    bad: Outputs = []
    site, _, meter = key.partition("/")
    for raw in raws:
        try:
            record = decode(raw.topic.record, raw.payload)
            misplaced = _misplaced(raw, record, key, is_copy=raw.topic.name in rejected_elsewhere)
            if misplaced is not None:
                bad += [] if raw.topic.name in rejected_elsewhere else [(REJECTED, misplaced)]
            elif not raw.is_ahead:
                good.append((raw.topic, record))
            elif record.channel not in CONTROL_CHANNELS and raw.topic.name not in rejected_elsewhere:
                bad.append((REJECTED, dated_ahead(record, raw.source)))
        except UnreadableRecord as error:
            if raw.topic.name in rejected_elsewhere:
                continue
            rejection = Rejection(
                site or "unknown", meter or "unknown", RejectionReason.UNPARSABLE, raw.original, str(error), raw.source
            )
            bad.append((REJECTED, rejection))
    return good, bad


def _misplaced(raw: Raw, record: Any, key: str, is_copy: bool) -> Rejection | None:
    """The rejection of a record whose fields do not make the key that it came by; None where they do.

    A state of a site is given the records of all its keys, and a copy has another record's key: there the site alone is compared.
    """
    own = raw.topic.key(record)
    site, slash, _ = key.partition("/")
    if record.site == site if is_copy or not slash else own == key:
        return None
    found = f"key {key!r}" if slash else f"a key of site {key!r}"
    detail = f"{raw.topic.name}: written under {found}; expected {own!r}, which its fields make. Write it under that key"
    meter = getattr(record, "meter", None) or "unknown"
    return Rejection(record.site, meter, RejectionReason.WRONG_KEY, raw.original, printable(detail), raw.source)


def run_bucket(
    step: Step,
    key: str,
    state: Any,
    bucket: bytes,
    namespace: str,
    rejects_unreadable: bool = True,
    unchanged: Callable[[], Any] | None = None,
    rejected_elsewhere: Container[str] = (),
) -> tuple[Any, Outputs]:
    """Take one bucket; a record that cannot be read, or that the step fails on, leaves as a rejection and holds nothing up.

    Parameters
    ----------
    rejects_unreadable
        Off where another operator reads the same records and tells.
    unchanged
        Makes the state as it was before this bucket; steps change the one that they are given. None: a failure of the step is raised.
    rejected_elsewhere
        Names of topics whose unreadable records another operator rejects, because here each key is given every one of them.
    """
    runs, raws = unpack(key, bucket, namespace)
    good, rejections = read(raws, key, rejected_elsewhere) if raws else ([], [])
    try:
        state, outputs = _take(step, key, state, runs, good)
    except Exception as error:
        if unchanged is None:
            raise
        log.exception("step_failed", key=key, error=str(error))
        state, outputs = _take_one_by_one(step, key, unchanged(), runs, raws, rejected_elsewhere)
    return state, rejections + outputs if rejects_unreadable else outputs


def _take(step: Step, key: str, state: Any, runs: Sequence[ReadingRun], good: Records) -> tuple[Any, Outputs]:
    outputs: Outputs = []
    for run in runs:
        state, more = cast(RunStep, step).take_run(key, state, run)  # only topics of readings hold runs
        outputs += more
    if good:
        state, more = step.take(key, state, good)
        outputs += more
    return state, outputs


def _take_one_by_one(
    step: Step, key: str, state: Any, runs: Sequence[ReadingRun], raws: Sequence[Raw], rejected_elsewhere: Container[str]
) -> tuple[Any, Outputs]:
    """The same, record by record: those that the step fails on are set aside, with the state as it was before them."""
    outputs: Outputs = []
    singles = [(READINGS, reading, encode(reading).decode(), "") for run in runs for reading in run.readings()]
    for raw in raws:
        good, _ = read([raw], key, rejected_elsewhere)
        singles += [(topic, record, raw.original, raw.source) for topic, record in good]
    for topic, record, original, source in singles:
        before = step.encode(state)
        try:
            state, more = step.take(key, state, [(topic, record)])
            outputs += more
        except Exception as error:
            state = step.decode(key, before)
            site, _, meter = key.partition("/")
            detail = f"{topic.name}: the step failed on it: {type(error).__name__}: {error}"
            rejection = Rejection(
                site, meter or getattr(record, "meter", "") or "unknown", RejectionReason.STEP_FAILED, original, detail, source
            )
            outputs.append((REJECTED, rejection))
    return state, outputs


MOST_ORIGINAL, MOST_DETAIL = 100_000, 500
"""Characters of a refused record, and of the reason, that a rejection carries: JSON makes up to six times as many bytes of them, and a
broker takes a megabyte."""


def bounded(rejection: Rejection) -> Rejection:
    """The rejection as its own readers and a broker take it: what is cut says so, and where the whole record lies."""
    original = rejection.original
    if len(original) > MOST_ORIGINAL:
        original = f"{original[:MOST_ORIGINAL]}… ({len(original)} characters; the whole record is on the log)"
    return replace(
        rejection,
        site=printable(rejection.site, KEY_LENGTH) or "unknown",
        meter=printable(rejection.meter, KEY_LENGTH) or "unknown",
        original=original,
        detail=printable(rejection.detail, MOST_DETAIL),
    )
