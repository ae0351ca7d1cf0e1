"""A bound on what a server may send: the library keeps whatever comes until it is a whole message, however long its header claims."""

from __future__ import annotations

from asyncua.client.ua_client import UaClient, UASocketProtocol

MOST_CHUNK_BYTES = 1 << 20
"""Of a message chunk that is not whole yet; we ask for chunks of at most 64 KiB."""
MOST_MESSAGE_BYTES = 1 << 24
"""Of the chunks of one message: 100,000 values of history are three megabytes."""


def bound(client: UaClient) -> None:
    """Let every connection that `client` makes go of a server that sends more than that, with an error that says so."""
    make = client._make_protocol

    def make_bounded() -> UASocketProtocol:
        protocol = make()
        take = protocol.data_received

        def take_some(data: bytes) -> None:
            take(data)
            unfinished, message = len(protocol.receive_buffer or b""), protocol._connection._incoming_size
            if unfinished > MOST_CHUNK_BYTES or message > MOST_MESSAGE_BYTES:
                _let_go(protocol, max(unfinished, message))

        protocol.data_received = take_some
        return protocol

    client._make_protocol = make_bounded


def _let_go(protocol: UASocketProtocol, count: int) -> None:
    protocol.receive_buffer = None
    protocol._connection._drop_incoming_parts()
    msg = f"{count:,} bytes came and no whole message; is it an OPC UA server?"
    protocol._fail_all_pending(ConnectionError(msg))
    protocol.disconnect_socket()
