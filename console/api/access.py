"""Who may write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Header, HTTPException

from console.context import Console


def writer_of(console: Console) -> Callable[[str], None]:
    """A dependency of calls that change something: refuses requests without the token, where one is set."""

    def writer(authorization: Annotated[str, Header(description="`Bearer TOKEN`, where a token is set.")] = "") -> None:
        scheme, _, token = authorization.partition(" ")
        allowed = console.access.allows(token.strip() if scheme.lower() == "bearer" else "")
        if not allowed:
            raise HTTPException(401, "send 'Authorization: Bearer TOKEN'", headers={"WWW-Authenticate": "Bearer"})

    return writer
