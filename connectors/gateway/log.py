"""Where the gateway's log goes: one event a line on stderr, with the computer's time."""

from __future__ import annotations

import logging
import sys

import structlog


def to_stderr() -> None:
    """Log events of level info and above as ``time event key=value``."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # The Kafka client logs every attempt to reconnect; the outbox logs the outcome.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
