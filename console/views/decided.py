"""Which decision on a recommendation counts."""

from __future__ import annotations

from collections.abc import Iterable

from domain.recommendations import Decision, Recommendation


def deciding(advice: Recommendation, in_log_order: Iterable[Decision]) -> Decision | None:
    """The decision that counts: the first in the log of those made while this advice was given.

    The same recommendation may be given again after it was withdrawn or declined; what was decided before it was issued is over.
    """
    return next(
        (
            d
            for d in in_log_order
            if d.recommendation == advice.recommendation and advice.issued_utc <= d.at_utc <= advice.valid_until_utc
        ),
        None,
    )
