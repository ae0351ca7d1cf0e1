"""Where mail goes out: ``[mail]`` of ``stack.toml``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from domain.scheduled_reports import MailAddress
from domain.texts import Name
from domain.toml_files import Settings

PASSWORD = "LASTGANG_MAIL_PASSWORD"
"""Variable of the environment with the password of `user`."""
_PORTS = {"starttls": 587, "tls": 465, "plain": 25}


class MailSection(Settings):
    """The mail server that scheduled reports go out by; its password comes from the environment (``LASTGANG_MAIL_PASSWORD``)."""

    server: str = Field(min_length=1, max_length=253)
    """Host name; its certificate must be for this name."""
    sender: MailAddress
    """Address that the mail comes from."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """None: 587 for ``starttls``, 465 for ``tls``, 25 for ``plain``."""
    security: Literal["starttls", "tls", "plain"] = "starttls"
    """Encryption: begun in the connection, from its start, or none. There is no falling back from one to another."""
    user: Name = ""
    """Who logs in; empty: nobody does. Not with ``plain``."""
    ca_file: Path | None = None
    """Certificates of authorities (PEM) that the server is checked by; None: those of the system."""
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    """How long one answer of the server may take [s]."""
    attach_up_to_mb: float = Field(default=10.0, gt=0, le=100)
    """Size of the files that a mail may have [MB]; what is larger is named by its place only."""

    @model_validator(mode="after")
    def _no_readable_password(self) -> MailSection:
        if self.security == "plain" and self.user:
            msg = "no user with security = 'plain': the password could be read on the network"
            raise ValueError(msg)
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        return self.server, self.port or _PORTS[self.security]
