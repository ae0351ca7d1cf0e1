"""The step of the desk, keyed by site: findings and feedback to anomalies. Time comes from the records alone.

Every record is taken for itself, so that the same records in other batches give the same anomalies.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from detection.desk.answering import Answering, rejection
from detection.desk.energy import Explaining
from detection.desk.joining import Joining
from detection.desk.kinds import LAGS, LOST, STILL_FOUND
from detection.desk.likes import lowest
from detection.desk.members import member_of
from detection.desk.publishing import Publishing
from detection.desk.shelf import Shelf
from detection.desk.silence import Silence
from detection.desk.state import MOST_WAITING, DeskState, Incident, Member, Notes, decode_state, encode_state
from detection.desk.tree import MeterTree
from domain.anomalies import Anomaly
from domain.clock import Clock
from domain.feedback import Feedback, FeedbackKind
from domain.intervals import QUARTER
from domain.plant import Plant
from domain.steps import Outputs, Records
from domain.topics import ANOMALIES, FEEDBACK, FINDINGS, REJECTED

AHEAD = timedelta(hours=1)
"""Feedback that is dated further ahead of the plant's clock is refused."""
WAITS = timedelta(hours=1)
"""How much further findings go before feedback on what is not known is refused."""
UNKNOWN = "there is no such anomaly; look its id up in GET /api/v1/anomalies or lastgang findings"


class AnomalyDesk:
    """Anomalies of one site.

    Parameters
    ----------
    clock
        The plant's: keeps wrong dates out. None: the records alone do.
    """

    def __init__(self, plant: Plant, clock: Clock | None = None) -> None:
        self._site, self._clock = plant.site, clock
        self._tree = MeterTree(plant)
        self._publishing, self._silence = Publishing(self._tree), Silence(plant.site, self._tree)

    def initial(self, key: str) -> DeskState:
        """A site of which nothing is known."""
        return DeskState()

    def encode(self, state: DeskState) -> bytes:
        """The state as bytes."""
        return encode_state(state)

    def decode(self, key: str, stored: bytes) -> DeskState:
        """The state that `encode` made."""
        return decode_state(stored)

    def take(self, key: str, state: DeskState, records: Records) -> tuple[DeskState, Outputs]:
        """Each record in turn."""
        outputs: Outputs = []
        for topic, record in records:
            if record.site != self._site.id:
                continue
            if topic is FINDINGS:
                outputs += self._take_finding(state, record)
            elif topic is FEEDBACK:
                outputs += self._take_feedback(state, record)
        return state, outputs

    def _take_finding(self, state: DeskState, finding: Anomaly) -> Outputs:
        notes = state.notes
        outputs = self._answer_waiting(state, finding.at_utc)
        known = notes.incidents.get(notes.belongs.get(finding.anomaly, ""))
        before = None if known is None else known.members.get(finding.anomaly)
        if before is not None and finding.revision <= before.revision:
            return outputs
        state.encoded = None
        self._reach(notes, finding.at_utc)
        member = member_of(finding)
        if known is None:
            outputs += self._end_lost(notes, member)
        incident = self._incident_for(notes, known, member, finding)
        incident.members[member.finding] = member
        notes.belongs[member.finding] = incident.opened_by
        lead = incident.lead
        if member.meter == incident.meter and (lead.anomaly == member.finding or lead.until_utc is not None):
            incident.lead = finding
        self._find_again(incident, member)
        outputs += self._publish(notes, incident, member.at_utc)
        seen_utc = datetime.max.replace(tzinfo=UTC) if member.until_utc is not None else member.at_utc + QUARTER
        outputs += self._answer_waiting(state, seen_utc, incident)
        for other in self._above(notes, incident, member):
            outputs += self._publish(notes, other, member.at_utc)
        for ended in Shelf(notes).tidy() if known is None else ():
            outputs += self._publish(notes, ended, ended.at_utc)
        return outputs

    def _incident_for(self, notes: Notes, known: Incident | None, member: Member, finding: Anomaly) -> Incident:
        """The incident that a finding belongs to; one of its own where what it showed has ended below and it goes on."""
        if known is not None and not self._goes_on_alone(known, member):
            return known
        if known is not None:
            known.members.pop(member.finding, None)
        found = Joining(self._tree, notes).place(member) if known is None else None
        if found is None:
            found = Incident(finding, member.finding, member.meter, member.kind, member.since_utc)
            notes.incidents[member.finding] = found
        return found

    def _end_lost(self, notes: Notes, new: Member) -> Outputs:
        """End findings of the same watch whose end has never come."""
        outputs: Outputs = []
        for incident in notes.incidents.values():
            lost = [one for one in incident.members.values() if one.is_open and _is_before(one, new)]
            for one in lost:
                one.until_utc = one.end_utc
            outputs += self._publish(notes, incident, new.at_utc) if lost else []
        return outputs

    def _goes_on_alone(self, known: Incident, member: Member) -> bool:
        if not member.is_open or member.meter == known.meter:
            return False
        lows = lowest(known, self._tree)
        if any(one.is_open for one in lows) or member.finding in {one.finding for one in lows}:
            return False
        return member.at_utc - max(one.end_utc for one in lows) > LAGS

    def _reach(self, notes: Notes, at_utc: datetime) -> None:
        """How far findings go decides what is forgotten: one of a wrong date must not."""
        if self._clock is not None and at_utc > self._clock.now_utc() + AHEAD:
            return
        notes.reached_utc = at_utc if notes.reached_utc is None else max(notes.reached_utc, at_utc)

    @staticmethod
    def _find_again(incident: Incident, member: Member) -> None:
        feedback = incident.feedback
        if feedback is not None and feedback.kind is FeedbackKind.FIXED and member.is_open:
            incident.is_still_found |= member.at_utc >= feedback.at_utc + STILL_FOUND

    def _above(self, notes: Notes, incident: Incident, member: Member) -> list[Incident]:
        """Open incidents above, of which this finding explains a part."""
        return [
            one for one in notes.incidents.values()
            if one is not incident and one.published is not None and one.published.is_open and self._tree.is_above(one.meter, member.meter)
        ]  # fmt: skip

    def _take_feedback(self, state: DeskState, feedback: Feedback) -> Outputs:
        if self._clock is not None and feedback.at_utc > self._clock.now_utc() + AHEAD:
            return [
                (
                    REJECTED,
                    rejection(
                        feedback, f"it is dated {feedback.at_utc:%Y-%m-%dT%H:%M:%SZ}, ahead of the plant's clock; set the writer's"
                    ),
                )
            ]
        notes = state.notes
        incident = Answering(self._tree, notes).incident_of(feedback)
        if incident is not None:
            return self._answer(state, incident, feedback)
        if feedback.anomaly in notes.rules and feedback.kind is FeedbackKind.TAKEN_BACK:
            state.encoded = None
            del notes.rules[feedback.anomaly]
            return self._open_silenced(notes, feedback.anomaly, feedback.at_utc)
        if feedback in notes.waiting:
            return []
        state.encoded = None
        notes.waiting.append(feedback)
        left_out = notes.waiting[:-MOST_WAITING]
        del notes.waiting[:-MOST_WAITING]
        return [(REJECTED, rejection(one, UNKNOWN)) for one in left_out]

    def _answer(self, state: DeskState, incident: Incident, feedback: Feedback) -> Outputs:
        why = Answering(self._tree, state.notes).take(incident, feedback)
        if why is not None:
            return [(REJECTED, rejection(feedback, why))] if why else []
        state.encoded = None
        outputs = self._publish(state.notes, incident, feedback.at_utc)
        return outputs + self._open_silenced(state.notes, incident.opened_by, feedback.at_utc)

    def _open_silenced(self, notes: Notes, rule: str, at_utc: datetime) -> Outputs:
        """Publish what lasts and was silent by what is normal no longer."""
        outputs: Outputs = []
        for one in notes.incidents.values():
            if one.silenced_by == rule and rule not in notes.rules and any(member.is_open for member in one.members.values()):
                outputs += self._publish(notes, one, at_utc)
        return outputs

    def _answer_waiting(self, state: DeskState, reached_utc: datetime, incident: Incident | None = None) -> Outputs:
        """Take feedback that came before its anomaly, once findings reach its time; one that nothing follows is refused."""
        notes, outputs = state.notes, Outputs()
        for feedback in list(notes.waiting):
            found = Answering(self._tree, notes).incident_of(feedback)
            if (incident is not None and found is not incident) or feedback.at_utc > reached_utc:
                continue
            if found is not None:
                outputs += self._answer(state, found, feedback)
            elif reached_utc > feedback.at_utc + WAITS:
                outputs.append((REJECTED, rejection(feedback, UNKNOWN)))
            else:
                continue
            notes.waiting.remove(feedback)
            state.encoded = None
        return outputs

    def _publish(self, notes: Notes, incident: Incident, at_utc: datetime) -> Outputs:
        """The next revision, where one is due."""
        self._silence.judge(notes, incident)
        if incident.silenced_by and incident.published is None:
            return []
        view = self._publishing.view(incident, Explaining(self._tree, notes), notes.rules.get(incident.silenced_by), at_utc)
        record = self._publishing.record(incident, view, at_utc)
        if not self._publishing.is_due(incident.published, record):
            return []
        incident.revision, incident.published = record.revision, self._publishing.published(record)
        return [(ANOMALIES, record)]


def _is_before(known: Member, new: Member) -> bool:
    """Whether `new` is of the same watch as `known`, and found long after that was heard of last."""
    is_same = (known.meter, known.kind, known.machine) == (new.meter, new.kind, new.machine)
    return is_same and known.at_utc <= new.since_utc - LOST
