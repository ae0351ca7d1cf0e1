"""The library's client as a gateway needs it: one that reconnects in the specification's order, and gives way to a server that is busy."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Protocol

from asyncua import Client, ua
from asyncua.client.ua_client import UaClient, UaClientState
from asyncua.client.ua_session import UaSession
from asyncua.common.shortcuts import Shortcuts
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256

from connectors.opcua.bounds import bound
from connectors.opcua.config import OpcUaHead
from connectors.pause import Pause

# The library logs each step of a reconnect; we log the outcome, once, with the device's name.
logging.getLogger("asyncua").setLevel(logging.CRITICAL)

TROUBLE = (OSError, TimeoutError, asyncio.TimeoutError, ua.UaError, ConnectionError, ValueError)
"""What may go wrong with a server without being a fault of ours."""
TRANSIENT = frozenset({
    ua.StatusCodes.BadServerTooBusy, ua.StatusCodes.BadTooManyPublishRequests, ua.StatusCodes.BadTimeout, ua.StatusCodes.BadRequestTimeout,
    ua.StatusCodes.BadTcpServerTooBusy, ua.StatusCodes.BadTcpNotEnoughResources, ua.StatusCodes.BadOutOfMemory,
    ua.StatusCodes.BadResourceUnavailable, ua.StatusCodes.BadServerHalted, ua.StatusCodes.BadShutdown,
    ua.StatusCodes.BadTooManySessions, ua.StatusCodes.BadTooManySubscriptions, ua.StatusCodes.BadMaxConnectionsReached,
})  # fmt: skip
"""Answers of a server that may answer otherwise later: it is there, and has no room or no time."""
LAST_RETRY_S = 5.0
FIRST_PUBLISH_RETRY_S, LAST_PUBLISH_RETRY_S = 0.1, 5.0


def is_transient(error: BaseException) -> bool:
    """Whether a server has answered that it is busy or has no room for us now."""
    return isinstance(error, ua.UaStatusCodeError) and error.code in TRANSIENT


class Owner(Protocol):
    """Whose client it is."""

    async def on_reconnected(self, *, same_session: bool) -> None:
        """There is a connection again: in the old session, or in a new one that knows nothing of us."""

    async def on_loss(self, error: Exception) -> None:
        """The connection is gone."""

    def on_broken(self, error: Exception) -> None:
        """The connection is there again, but what was to be done on it has failed."""

    def on_publish_refused(self, error: Exception) -> None:
        """The server did not take, or could not answer, a request for its news."""


class _PatientSession(UaSession):
    """Sends publish requests; a server that refuses is given more and more time. The library would send again at once, or give up."""

    def __init__(self, client: UaClient, owner: Owner) -> None:
        super().__init__(client)
        self._owner, self._retry = owner, Pause(FIRST_PUBLISH_RETRY_S)

    async def publish(self, acks: list[ua.SubscriptionAcknowledgement]) -> ua.PublishResponse:
        while True:
            try:
                response = await super().publish(acks)
            except ua.UaError as error:
                self._owner.on_publish_refused(error)
                await asyncio.sleep(self._retry.next_s(LAST_PUBLISH_RETRY_S))
                acks = acks if isinstance(error, ua.UaStatusCodeError) else []  # a refused request has acknowledged nothing
            else:
                self._retry.reset()
                return response


class GatewayClient(Client):
    """The library's reconnect, in the specification's order, with what it leaves open done by the owner.

    The library opens a channel and activates the old session. What is to be done on it then is the owner's: its subscription may live on,
    or the server may have forgotten the session, and a new one means new node ids, because a namespace's index may have changed.
    """

    def __init__(self, head: OpcUaHead, timeout_s: float, owner: Owner) -> None:
        super().__init__(
            head.endpoint,
            timeout=timeout_s,
            watchdog_intervall=timeout_s,
            auto_reconnect=True,
            reconnect_max_delay=LAST_RETRY_S,
        )
        self._owner = owner
        bound(self.uaclient)
        self.uaclient.session = _PatientSession(self.uaclient, owner)
        self.nodes = Shortcuts(self.uaclient.session)
        self.name = self.description = "Lastgang gateway"
        self.application_uri = "urn:lastgang:gateway"
        self.session_timeout = 60_000
        self.connection_lost_callback = owner.on_loss

    @property
    def session(self) -> UaSession:
        """The session's services."""
        return self.uaclient.session

    @property
    def is_connected(self) -> bool:
        """Whether there is a session that answers."""
        return self.state is UaClientState.CONNECTED

    async def secure(self, head: OpcUaHead, folder: Path) -> None:
        """Take what the device's file states, its certificates out of `folder`, its name and password out of the environment."""
        if head.security == "basic256sha256":
            await self.set_security(
                SecurityPolicyBasic256Sha256,
                folder / head.certificate,
                folder / head.private_key,
                server_certificate=str(folder / head.server_certificate),
                mode=ua.MessageSecurityMode.SignAndEncrypt,
            )
        if head.user_variable:
            self.set_user(_secret(head.user_variable))
            self.set_password(_secret(head.password_variable))

    async def _finalize_reconnect(self, reused: bool) -> None:
        try:
            await self._owner.on_reconnected(same_session=reused)
        except Exception as error:  # the library would go on as if all were well
            self._owner.on_broken(error)

    async def _detect_connection_loss(self) -> Exception | None:
        error = await super()._detect_connection_loss()
        return None if error is not None and is_transient(error) and self.is_connected else error  # it has answered


def _secret(variable: str) -> str:
    # Without it the library would come as anonymous, which is not what the file says.
    value = os.environ.get(variable, "")
    if not value:
        msg = f"the environment variable {variable} is not set, and the device's file names it; set it for the gateway's process"
        raise ValueError(msg)
    return value
