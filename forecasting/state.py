"""What a forecast remembers of one series, and its bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

import numpy as np

from domain.codec import decode, encode
from domain.known_changes import Changes, decode_changes, encode_changes
from domain.stored_state import StateForm
from forecasting.ensemble import MODELS
from forecasting.expert_weights import ExpertWeights, decode_experts, encode_experts
from forecasting.highs import STORED_SIZE, DayHighs
from forecasting.jobs import Jobs, decode_jobs, encode_jobs
from forecasting.powers import KnownPowers
from forecasting.slots import KEPT_SLOTS, LoadRing
from quarters.newest import Newest

SITE_FORM, METER_FORM = StateForm("forecast", 7), StateForm("meter-forecasts", 6)
_HEAD = struct.Struct("<qqIqIIII?")
_NONE = -(2**62)


@dataclass(slots=True)
class ForecastState:
    """What was seen of one series. A step changes the state it is given and returns it: history comes in bursts of rows."""

    ring: LoadRing = field(default_factory=LoadRing)
    jobs: Jobs = field(default_factory=dict)
    issued_slot: int | None = None
    """Newest quarter hour that a forecast was issued on; None before the first live one."""
    experts: ExpertWeights | None = None
    """What was learnt; None before the first fit."""
    fitted_on: int = 0
    """Known quarter hours at the newest fit."""
    changed_slot: int | None = None
    """Where the newest change of the load was recognised."""
    encoded_jobs: bytes | None = None
    """`jobs` as `encode_state` wrote them last; None after a change."""
    highs: DayHighs = field(default_factory=DayHighs)
    """Of the days that have left the ring; only the site's, whose peak is billed."""
    awaits_present: bool = False
    """Whether history has come since `issue_for_the_present` was asked last."""
    reach: Newest = field(default_factory=Newest)
    """How far the series reaches, whatever single records say."""
    changes: Changes = ()
    """Of the site's shifts."""
    powers: KnownPowers = field(default_factory=KnownPowers)


def encode_state(state: ForecastState, form: StateForm = SITE_FORM) -> bytes:
    """The state as bytes: the header, the ring as it lies in memory, what was learnt, how far it reaches, shift changes, then the jobs and the powers.

    Jobs and powers are a line of JSON each.
    """
    if state.encoded_jobs is None:
        state.encoded_jobs = encode_jobs(state.jobs)
    ring = state.ring
    newest, issued, changed = (_NONE if n is None else n for n in (ring.newest, state.issued_slot, state.changed_slot))
    experts = b"" if state.experts is None else encode_experts(state.experts)
    reach = encode(state.reach)
    shifts = encode_changes(state.changes)
    sizes = (len(experts), len(reach), len(shifts))
    head = _HEAD.pack(newest, issued, KEPT_SLOTS, changed, state.fitted_on, *sizes, state.awaits_present)
    arrays = (ring.load_kw.tobytes(), ring.trust.tobytes(), ring.revision.tobytes())
    return b"".join(
        (
            form.header,
            head,
            *arrays,
            state.highs.to_bytes(),
            experts,
            reach,
            shifts,
            state.encoded_jobs,
            *_powers_line(state.powers),
        )
    )


def decode_state(payload: bytes, form: StateForm = SITE_FORM) -> ForecastState:
    """The state that `encode_state` wrote.

    Raises
    ------
    domain.stored_state.UnreadableState
        If the bytes are of another step or version.
    """
    at = form.begin(payload)
    newest, issued, kept, changed, fitted_on, experts_size, reach_size, shifts_size, awaits = _HEAD.unpack_from(payload, at)
    at += _HEAD.size
    load_kw = np.frombuffer(payload, np.float32, count=kept, offset=at).copy()
    trust = np.frombuffer(payload, np.uint8, count=kept, offset=at + 4 * kept).copy()
    revision = np.frombuffer(payload, np.int16, count=kept, offset=at + 5 * kept).copy()
    at += 7 * kept
    highs = DayHighs(payload[at : at + STORED_SIZE])
    at += STORED_SIZE
    ring = LoadRing(None if newest == _NONE else newest, load_kw, trust, revision)
    experts = decode_experts(payload[at : at + experts_size]).for_models(MODELS) if experts_size else None
    at += experts_size
    reach = decode(Newest, payload[at : at + reach_size])
    at += reach_size
    shifts = decode_changes(payload[at : at + shifts_size])
    at += shifts_size
    jobs, _, powers = payload[at:].partition(b"\n")
    return ForecastState(
        ring,
        decode_jobs(jobs),
        None if issued == _NONE else issued,
        experts,
        fitted_on,
        None if changed == _NONE else changed,
        jobs,
        highs,
        awaits,
        reach,
        shifts,
        decode(KnownPowers, powers) if powers else KnownPowers(),
    )


def _powers_line(powers: KnownPowers) -> tuple[bytes, ...]:
    return (b"\n", encode(powers)) if powers.known or powers.untyped else ()
