"""Security is what the device file states, or nothing. The server here is asyncua's, with and without certificates."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asyncua import Server, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.permission_rules import SimpleRoleRuleset, User, UserRole
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from recording_opcua import URI, Received, head, session

from deploy.ports import free_port

OURS, THEIRS = "urn:lastgang:gateway", "urn:example:peer"


async def make_certificate(folder: Path, name: str, uri: str, usage: x509.ObjectIdentifier) -> None:
    """`name`.pem (key) and `name`.der (certificate) in `folder`."""
    await setup_self_signed_certificate(
        folder / f"{name}.pem", folder / f"{name}.der", uri, "127.0.0.1", [usage], {"commonName": name}
    )
    raw = (folder / f"{name}.der").read_bytes()
    if raw.startswith(b"-----"):
        (folder / f"{name}.der").write_bytes(x509.load_pem_x509_certificate(raw).public_bytes(Encoding.DER))


class People:
    """Lets in who has a name and the password, and nobody else."""

    def __init__(self) -> None:
        self.came: list[tuple[str | None, str | None]] = []

    def get_user(
        self, iserver: Any, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> User | None:
        self.came.append((username, password))
        return User(role=UserRole.User) if (username, password) == ("lastgang", "s3cret-w0rd") else None


@contextlib.asynccontextmanager
async def server(folder: Path, policy: ua.SecurityPolicyType, people: People | None = None) -> AsyncIterator[str]:
    made = Server(user_manager=people)
    await made.init()
    endpoint = f"opc.tcp://127.0.0.1:{free_port()}"
    made.set_endpoint(endpoint)
    await made.set_application_uri(THEIRS)
    made.set_security_policy([policy], permission_ruleset=SimpleRoleRuleset())
    if people is not None:
        made.set_identity_tokens([ua.UserNameIdentityToken])
    if policy is not ua.SecurityPolicyType.NoSecurity:
        await made.load_certificate(folder / "server.der")
        await made.load_private_key(folder / "server.pem")
    index = await made.register_namespace(URI)
    press = await made.nodes.objects.add_object(ua.NodeId("Press", index), "Press")
    for name, value in (("Power", 12_500.0), ("Energy", 1000.5), ("Parts", 7), ("State", "Execute")):
        await press.add_variable(ua.NodeId(f"Press.{name}", index), name, value)
    async with made:
        yield endpoint


@pytest.mark.parametrize("policy", ["NoSecurity", "Basic256Sha256_SignAndEncrypt"])
def test_what_is_stated_is_used_and_never_less(tmp_path: Path, policy: str) -> None:
    async def main() -> None:
        await make_certificate(tmp_path, "ours", OURS, ExtendedKeyUsageOID.CLIENT_AUTH)
        await make_certificate(tmp_path, "server", THEIRS, ExtendedKeyUsageOID.SERVER_AUTH)
        async with server(tmp_path, getattr(ua.SecurityPolicyType, policy)) as endpoint:
            secure = head(
                endpoint,
                security="basic256sha256",
                certificate="ours.der",
                private_key="ours.pem",
                server_certificate="server.der",
            )
            received = Received()
            async with session(secure, received, tmp_path):
                await received.until(lambda: bool(received.states))
                if policy == "NoSecurity":
                    assert received.states[0] in ("refused", "lost")
                    assert received.readings == []
                else:
                    await received.until(lambda: received.has_received("power", 12.5))
                    assert received.states == ["connected"]

    asyncio.run(asyncio.wait_for(main(), 60))


@pytest.mark.parametrize(
    ("name", "password", "state", "words"),
    [
        ("lastgang", "s3cret-w0rd", "connected", ""),
        ("lastgang", "guessed", "refused", ""),
        ("lastgang", "", "refused", "environment variable PRESS_WORD is not set"),
    ],
)
def test_who_logs_in_comes_with_the_name_and_password_of_the_environment_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, password: str, state: str, words: str
) -> None:
    monkeypatch.setenv("PRESS_USER", name)
    monkeypatch.setenv("PRESS_WORD", password)
    people, received = People(), Received()

    async def main() -> None:
        await make_certificate(tmp_path, "ours", OURS, ExtendedKeyUsageOID.CLIENT_AUTH)
        await make_certificate(tmp_path, "server", THEIRS, ExtendedKeyUsageOID.SERVER_AUTH)
        async with server(tmp_path, ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt, people) as endpoint:
            settings = head(
                endpoint,
                security="basic256sha256",
                certificate="ours.der",
                private_key="ours.pem",
                server_certificate="server.der",
                user_variable="PRESS_USER",
                password_variable="PRESS_WORD",
            )
            async with session(settings, received, tmp_path):
                await received.until(lambda: bool(received.states))
                if state == "connected":
                    await received.until(lambda: received.has_received("power", 12.5))

    asyncio.run(asyncio.wait_for(main(), 60))
    assert received.states == [state]
    assert words in received.reasons[0]
    assert all(secret not in received.reasons[0] for secret in ("s3cret-w0rd", "guessed"))
    if state == "connected":
        assert set(people.came) == {("lastgang", "s3cret-w0rd")}
    else:
        assert received.readings == []
        assert (None, None) not in people.came  # never as nobody
