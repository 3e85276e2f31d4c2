"""The real server: which one is taken, how it is reached, what a lost answer means."""

from __future__ import annotations

import asyncio
import datetime
import os
import signal
import ssl
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace
from redis import Redis

from caretower.embedded.valkey import ValkeyServer, running_valkey
from registry.errors import InvalidCommand, PositionLost, Unavailable, UnsuitableServer
from registry.port import HoldCommand, Position
from registry.server import ServerRegistry, connect
from registry.states import Pool

pytestmark = pytest.mark.slow

POOL = Pool(id="p", facility="f", zone="z", name="p", type="respite", lon=0, lat=0, capacity=2)


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    with tempfile.TemporaryDirectory(prefix="ct-") as folder, running_valkey(Path(folder)) as own:
        yield own


async def test_a_server_that_evicts_is_not_taken(server: ValkeyServer) -> None:
    with Redis.from_url(server.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("maxmemory", "100mb")
    with pytest.raises(UnsuitableServer, match="noeviction"):
        await connect(server.url, "utah")


async def test_a_url_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(UnsuitableServer) as raised:
        await connect("ftp://:secret@nowhere", "utah")
    assert "secret" not in str(raised.value)


async def test_no_server_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await connect("unix:///nowhere/valkey.sock", "utah", timeout_s=1)


async def test_a_password_is_used(server: ValkeyServer) -> None:
    with Redis.from_url(server.url) as client:
        client.config_set("requirepass", "pass/word")
    with pytest.raises(Unavailable, match="authenticated"):
        await connect(server.url, "utah")
    registry = await connect(f"{server.url}?password=pass%2Fword", "utah")
    await registry.put(POOL, "a")
    await registry.close()


async def test_tls_is_checked_and_used(server: ValkeyServer, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    async with tls_in_front_of(server, certificate) as port:
        url = f"rediss://localhost:{port}"
        with pytest.raises(Unavailable):
            await connect(url, "utah", timeout_s=2)
        registry = await connect(f"{url}?ssl_ca_certs={certificate}", "utah")
        assert (await registry.put(POOL, "a")).free == 2
        await registry.close()


async def test_a_write_that_no_replica_confirms_is_unknown_and_a_retry_settles_it(
    server: ValkeyServer,
) -> None:
    plain = await connect(server.url, "utah")
    await plain.put(POOL, "define")
    careful = ServerRegistry(plain._redis, "utah", replicas=1, timeout_s=0.1)
    with pytest.raises(Unavailable):
        await careful.walk_in("p", "walk-in")
    assert (await plain.walk_in("p", "walk-in")).pool.occupied == 1
    await plain.close()


async def test_a_living_hold_is_known_longer_than_the_answer_to_its_command(
    registry: ServerRegistry,
) -> None:
    await registry.put(POOL, "a")
    command = HoldCommand(hold_id="h", request="r", pool="p", ttl_s=3_600, by="ada")
    first = await registry.hold(command)
    await registry._redis.delete(registry._key("done:h"))
    assert await registry.hold(command) == first
    assert (await registry.snapshot()).pools["p"].held == 1


async def test_text_that_no_encoding_has_is_invalid(registry: ServerRegistry) -> None:
    with pytest.raises(InvalidCommand):
        await registry.put(replace(POOL, name="\ud800"), "a")


async def test_a_short_restart_of_the_server_is_waited_out(server: ValkeyServer) -> None:
    registry = await connect(server.url, "utah")
    await registry.put(POOL, "a")
    os.kill(server.pid, signal.SIGKILL)
    assert server.process is not None
    server.process.wait()
    walked = asyncio.create_task(registry.walk_in("p", "b"))
    await asyncio.sleep(0)
    with running_valkey(server.data_dir):
        assert (await walked).pool.occupied == 1
        await registry.close()


async def test_another_server_opens_a_new_epoch_once(server: ValkeyServer) -> None:
    registry = await connect(server.url, "utah")
    before = await registry.put(POOL, "a")
    assert await registry.renew_epoch() is None
    assert await registry.renew_epoch() is None
    last = (await registry.snapshot()).position
    os.kill(server.pid, signal.SIGKILL)
    assert server.process is not None
    server.process.wait()
    with running_valkey(server.data_dir):
        opened = await registry.renew_epoch()
        assert opened is not None
        assert opened.epoch > last.epoch
        assert await registry.renew_epoch() is None
        assert (await registry.snapshot()).pools["p"] == before
        with pytest.raises(PositionLost):
            await registry.events(last)
        await registry.close()


async def test_scripts_come_back_after_the_server_forgot_them(server: ValkeyServer) -> None:
    registry = await connect(server.url, "utah")
    await registry.put(POOL, "a")
    with Redis.from_url(server.url) as client:
        client.script_flush()
    assert (await registry.walk_in("p", "b")).pool.occupied == 1
    await registry.close()


async def test_readers_notice_that_a_server_lost_everything(server: ValkeyServer) -> None:
    registry = await connect(server.url, "utah")
    await registry.put(POOL, "a")
    last = (await registry.snapshot()).position
    with Redis.from_url(server.url) as client:
        client.flushall()
    with pytest.raises(PositionLost):
        await registry.events(last)
    assert (await registry.snapshot()).position == Position(0, -1)
    await registry.put(POOL, "b")
    with pytest.raises(PositionLost):
        await registry.events(Position(0, -1))
    assert (await registry.snapshot()).pools["p"].free == 2
    await registry.close()


async def test_only_answers_tickets_and_counters_expire_by_themselves(
    registry: ServerRegistry,
) -> None:
    await registry.put(POOL, "a")
    await registry.put_ticket("t", b"x", 60)
    await registry.count("c", 60)
    keys = [key async for key in registry._redis.scan_iter(f"{{{registry.region}}}:*")]
    expiring = {key.decode().split(":")[1] for key in keys if await registry._redis.ttl(key) > 0}
    assert expiring == {"done", "ticket", "count"}


def self_signed(folder: Path) -> Path:
    """A certificate for localhost with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    return file


@asynccontextmanager
async def tls_in_front_of(server: ValkeyServer, certificate: Path) -> AsyncIterator[int]:
    """A port of localhost that speaks TLS and passes everything to the server's socket."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    path = server.url.removeprefix("unix://")

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_unix_connection(path)
        await asyncio.gather(
            copy(reader, inner_writer), copy(inner_reader, writer), return_exceptions=True
        )

    relayed = await asyncio.start_server(relay, "localhost", 0, ssl=context)
    async with relayed:
        yield relayed.sockets[0].getsockname()[1]
