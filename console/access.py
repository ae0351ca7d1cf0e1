"""Who may write: anybody on this machine; from elsewhere only with the token."""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from ipaddress import ip_address

from domain.errors import LastgangError

TOKEN_VARIABLE = "LASTGANG_CONSOLE_TOKEN"


class OpenToStrangers(LastgangError):
    """The console would let anybody on the network decide. Operator: set the token's variable, or bind to 127.0.0.1."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Access:
    """The token that writes need; empty for none."""

    token: str = ""

    def __repr__(self) -> str:
        return f"Access(token={'set' if self.token else 'none'})"

    @property
    def needs_token(self) -> bool:
        """Whether writes must carry it."""
        return bool(self.token)

    def allows(self, token: str) -> bool:
        """Whether a write that carries `token` may be done."""
        return not self.token or hmac.compare_digest(self.token.encode(), token.encode())


def is_loopback(host: str) -> bool:
    """Whether `host` can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def access_for(host: str, environment: dict[str, str] | None = None) -> Access:
    """Access by the environment; the token is required on any address if it is set.

    Raises
    ------
    OpenToStrangers
        If `host` can be reached from elsewhere and there is no token.
    """
    token = (os.environ if environment is None else environment).get(TOKEN_VARIABLE, "")
    if not token and not is_loopback(host):
        msg = (
            f"--host {host} can be reached from other machines, and decisions would need no permission; "
            f"set {TOKEN_VARIABLE} to a secret of at least 16 characters, or use --host 127.0.0.1 behind a proxy of your own"
        )
        raise OpenToStrangers(msg)
    if token and len(token) < 16:
        msg = f"{TOKEN_VARIABLE} has {len(token)} characters; use at least 16, for example from `openssl rand -hex 16`"
        raise OpenToStrangers(msg)
    return Access(token)
