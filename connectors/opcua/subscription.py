"""One subscription of one session: its messages in order, and whether the server still sends."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

import structlog
from asyncua import ua
from asyncua.client.ua_session import UaSession

_log = structlog.get_logger("opcua")


class Listener(Protocol):
    """Who receives the notifications of a subscription."""

    def on_values(self, values: Sequence[tuple[int, ua.DataValue]]) -> None:
        """Monitored items have new values, in their order; the numbers are the client's own."""

    def on_messages_lost(self) -> None:
        """Values were sent that will not come."""

    def on_subscription_gone(self, why: str) -> None:
        """The server has ended the subscription."""

    def on_sign_of_life(self) -> None:
        """A message came, be it only a keep-alive."""


class Subscription:
    """Takes what the session's publish loop hands on."""

    def __init__(self, session: UaSession, listener: Listener, endpoint: str) -> None:
        self._session, self._listener, self._endpoint = session, listener, endpoint
        self.id = 0
        self.publishing_s = self.keep_alive_s = 0.0
        """The server says something at least this often."""
        self.received_s = time.monotonic()
        self._last_number = 0
        self._is_over = False

    async def create(self, parameters: ua.CreateSubscriptionParameters) -> None:
        """Create it at the server; what it grants may differ from the request."""
        result = await self._session.create_subscription(parameters, callback=self.take)
        self.id = int(result.SubscriptionId)
        self.publishing_s = result.RevisedPublishingInterval / 1000
        self.keep_alive_s = self.publishing_s * max(1, result.RevisedMaxKeepAliveCount)
        self.received_s = time.monotonic()

    async def take(self, result: ua.PublishResult) -> None:
        """One message. A missing number is a loss, which is detected here only."""
        if self._is_over:
            return
        message = result.NotificationMessage
        self.received_s = time.monotonic()
        self._listener.on_sign_of_life()
        if not message.NotificationData:
            return
        number = int(message.SequenceNumber)
        if self._last_number and number not in (self._last_number, self._last_number + 1, 1):
            _log.warning("messages_lost", endpoint=self._endpoint, between=self._last_number, and_=number)
            self._listener.on_messages_lost()
        self._last_number = number
        for part in message.NotificationData:
            self._take_part(part)

    def _take_part(self, part: object) -> None:
        if isinstance(part, ua.DataChangeNotification):
            self._listener.on_values([(int(item.ClientHandle), item.Value) for item in part.MonitoredItems])
        elif isinstance(part, ua.StatusChangeNotification):
            self._listener.on_subscription_gone(f"the server ended the subscription: {part.Status.name}")

    def is_quiet(self, keep_alives: float) -> bool:
        """Whether that many keep-alives are missing by now."""
        return time.monotonic() - self.received_s > keep_alives * self.keep_alive_s + 1.0

    async def fetch_missed(self) -> None:
        """In a session that was activated again: have the messages sent again that were lost on their way.

        Raises
        ------
        asyncua.ua.UaStatusCodeError
            If the server does not have the subscription any more.
        """
        while True:
            wanted = self._last_number + 1
            try:
                message = await self._session.republish(self.id, wanted)
            except ua.uaerrors.BadMessageNotAvailable:
                return
            if int(message.SequenceNumber) != wanted or not message.NotificationData:
                return  # some servers answer with an empty message where there is none
            await self.take(ua.PublishResult(SubscriptionId=ua.IntegerId(self.id), NotificationMessage=message))

    def end(self) -> None:
        """Another takes its place: its later messages are ignored."""
        self._is_over = True

    async def delete(self) -> None:
        """Have the server drop it."""
        await self._session.delete_subscriptions([self.id])
