"""Where the items are in this session, and what their values are called there."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from asyncua import ua

from connectors.opcua.calls import Calls, plain_value
from connectors.opcua.client import is_transient
from connectors.opcua.items import Item
from connectors.opcua.names import names_of
from connectors.opcua.values import NO_NAMES

_log = structlog.get_logger("opcua")


async def find_nodes(items: Sequence[Item], calls: Calls, endpoint: str) -> None:
    """Where each item is now: a namespace's index changes with a restart or a new program, its URI does not.

    Raises
    ------
    ValueError
        If the server does not give its namespaces.
    """
    (value,) = await calls.read([ua.NodeId(ua.ObjectIds.Server_NamespaceArray)])
    namespaces = plain_value(value)
    if not isinstance(namespaces, list):
        msg = f"{endpoint}: its namespaces cannot be read ({value.StatusCode}); without them no node can be named"
        raise ValueError(msg)
    for item in items:
        uri = item.device.head.namespace_uri
        if uri in namespaces:
            item.node = ua.NodeId.from_string(f"ns={namespaces.index(uri)};{item.channel.source}")
        else:
            item.not_found(f"no namespace {uri!r} on {endpoint}, only {namespaces}")


async def find_names(items: Sequence[Item], calls: Calls, endpoint: str) -> None:
    """What the server calls the values of states; without that they are numbers."""
    named = [(item, item.node) for item in items if item.node is not None and not item.is_register]
    try:
        found = await names_of(calls, [node for _, node in named])
    except Exception as error:
        if is_transient(error) or isinstance(error, OSError | TimeoutError):
            raise
        _log.info("no_names_of_enumerations", endpoint=endpoint, why=str(error))
        found = [NO_NAMES] * len(named)
    for (item, _), names in zip(named, found, strict=True):
        item.names = names
