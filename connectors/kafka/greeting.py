"""Who answers at a broker's address, found out within seconds; the client library only says that it found no broker."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Sequence

from domain.errors import LastgangError

TIMEOUT_S = 3.0
_API_VERSIONS, _SASL_HANDSHAKE = 18, 17
_UNSUPPORTED_SASL_MECHANISM = 33
_TLS_ALERT = b"\x15\x03"
_MOST_BYTES = 100_000
"""No answer to these questions is longer."""


class BrokerUnavailable(LastgangError):
    """No broker answered. Operator: is it running (`lastgang status`), is the address right? Retrying is safe."""


class BrokerRefused(LastgangError):
    """What answers will not serve us, however often we try. Operator: the message says what to change."""

    exit_code = 2


def greet(bootstrap: str, timeout_s: float = TIMEOUT_S) -> None:
    """Return when a Kafka broker has answered at one of the addresses.

    Parameters
    ----------
    bootstrap
        ``HOST:PORT``, several separated by commas.
    timeout_s
        For each address and question.

    Raises
    ------
    BrokerUnavailable
        If nobody answers: this may pass by itself.
    BrokerRefused
        If the address is none, or something answers that is no broker that we can use: TLS, SASL, HTTP ...
    """
    troubles: list[LastgangError] = []
    for address in bootstrap.split(","):
        host, port = _parts(address.strip())
        try:
            _greet_one(host, port, timeout_s)
        except LastgangError as trouble:
            troubles.append(trouble)
        else:
            return
    passing = [trouble for trouble in troubles if isinstance(trouble, BrokerUnavailable)]
    raise (passing or troubles)[0]


def _parts(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or not 0 < int(port) < 65_536:
        msg = f"broker address {address!r}: expected HOST:PORT with a port from 1 to 65535, such as 127.0.0.1:9092"
        raise BrokerRefused(msg)
    return host.strip("[]"), int(port)


def _greet_one(host: str, port: int, timeout_s: float) -> None:
    where = f"{host}:{port}"
    try:
        with socket.create_connection((host, port), timeout_s) as connection:
            connection.settimeout(timeout_s)
            answer = _request(connection, _API_VERSIONS, version=0, number=1)
            if answer is None:
                mechanisms = _sasl_mechanisms(connection)
    except TimeoutError as error:
        msg = f"{where} is silent: no word of Kafka within {timeout_s:g} s; is a broker starting or stuck there, is the address right?"
        raise BrokerUnavailable(msg) from error
    except OSError as error:
        why = error.strerror or str(error) or type(error).__name__
        msg = f"no Kafka broker answers at {where} ({why}); start it (`lastgang up`) or correct the address"
        raise BrokerUnavailable(msg) from error
    if answer is not None:
        raise BrokerRefused(f"{where} {_other_protocol(host, port, answer, timeout_s)}")  # noqa: EM102
    if mechanisms:
        msg = (
            f"the broker at {where} asks for a login (SASL: {', '.join(mechanisms)}), which Lastgang cannot give; "
            "name a listener without one (PLAINTEXT), such as that of `lastgang up`"
        )
        raise BrokerRefused(msg)


def _request(connection: socket.socket, api: int, version: int, number: int, body: bytes = b"") -> bytes | None:
    """Send one request; None if a Kafka broker answers it, else what came instead."""
    name = b"lastgang"
    request = struct.pack(">hhih", api, version, number, len(name)) + name + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    try:
        head = _receive(connection, 8)
    except ConnectionResetError:
        return b""
    size, answered = struct.unpack(">ii", head) if len(head) == 8 else (0, 0)
    if answered != number or not 4 < size < _MOST_BYTES:
        return head
    _receive(connection, size - 4)
    return None


def _receive(connection: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count and (more := connection.recv(min(65_536, count - len(received)))):
        received += more
    return received


def _sasl_mechanisms(connection: socket.socket) -> Sequence[str]:
    """Ways to log in that the broker names; none where it asks for no login (it then does not expect the question)."""
    mechanism = b"none"
    request = struct.pack(">hhih", _SASL_HANDSHAKE, 1, 2, 0) + struct.pack(">h", len(mechanism)) + mechanism
    connection.sendall(struct.pack(">i", len(request)) + request)
    try:
        size = _receive(connection, 4)
        answer = _receive(connection, min(struct.unpack(">i", size)[0], _MOST_BYTES)) if len(size) == 4 else b""
    except ConnectionResetError:
        return ()
    if len(answer) < 10 or struct.unpack(">h", answer[4:6])[0] != _UNSUPPORTED_SASL_MECHANISM:
        return ()
    return _strings(answer[6:])


def _strings(array: bytes) -> list[str]:
    """A Kafka array of strings."""
    count, place, found = struct.unpack(">i", array[:4])[0], 4, []
    for _ in range(count):
        length = struct.unpack(">h", array[place : place + 2])[0]
        found.append(array[place + 2 : place + 2 + length].decode(errors="replace"))
        place += 2 + length
    return found


def _other_protocol(host: str, port: int, answer: bytes, timeout_s: float) -> str:
    if answer.startswith(_TLS_ALERT) or _uses_tls(host, port, timeout_s):
        return (
            "uses TLS; Lastgang uses Kafka without it: name a listener without TLS (PLAINTEXT), such as that of `lastgang up`, "
            "or put a proxy that adds TLS between"
        )
    if answer.startswith(b"HTTP/"):
        return "is HTTP, not Kafka; is it the page's or Flink's port? The broker's is shown by `lastgang status`"
    if not answer:
        return "takes the connection and closes it at the first request: it is no Kafka broker without TLS; is the address right?"
    return f"is not Kafka (answered {answer[:8]!r}); is the address right?"


def _uses_tls(host: str, port: int, timeout_s: float) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), timeout_s) as plain, context.wrap_socket(plain, server_hostname=host):
            return True
    except ssl.SSLError as error:
        # An alert is an answer in TLS: the server wants a certificate of ours, or another version.
        return "ALERT" in (error.reason or "")
    except OSError:
        return False
