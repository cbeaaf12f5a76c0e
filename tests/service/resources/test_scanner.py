"""R9: a virus scanner, a daemon that speaks clamd's protocol, has its say before a file is kept."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.resources.settings import ResourceSettings
from services.resources.store import antivirus
from tests.service.resources.uploading import nothing_is_kept, uploads
from tests.support.service import Service
from tests.unit.resources.little_files import a_pdf


@asynccontextmanager
async def a_scanner(answer: Callable[[bytes], bytes]) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Reads one INSTREAM (clamd(8)) and answers; yields its address and what it was sent."""
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(10) == b"zINSTREAM\0"
        content = b""
        while size := int.from_bytes(await reader.readexactly(4), "big"):
            content += await reader.readexactly(size)
        seen.append(content)
        writer.write(answer(content))
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", seen


def scanned_at(service: Service, clamd: str) -> None:
    service.configure(clamd=clamd)


EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def as_clamd(content: bytes) -> bytes:
    return b"stream: Eicar-Signature FOUND\0" if EICAR in content else b"stream: OK\0"


async def test_a_virus_is_refused_and_not_kept(region: Service) -> None:
    async with a_scanner(as_clamd) as (address, seen):
        scanned_at(region, address)
        reply = await uploads(region.as_("ann"), "notes.txt", EICAR)
        assert reply.status_code == 422
        assert reply.json()["type"] == "urn:copse:problem:infected"
        assert "Eicar-Signature" in reply.json()["detail"]
        assert await nothing_is_kept(region)
        clean = a_pdf("x" * 3_000_000)
        assert (await uploads(region.as_("ann"), "a.pdf", clean)).status_code == 201
        assert seen == [EICAR, clean]


async def test_what_the_scanner_did_not_clear_is_not_kept(region: Service) -> None:
    for answer in (b"INSTREAM size limit exceeded. ERROR\0", b"", b"stream: OK", b"\0"):
        async with a_scanner(lambda _, said=answer: said) as (address, _):
            scanned_at(region, address)
            reply = await uploads(region.as_("ann"), "a.pdf", a_pdf())
        assert reply.status_code == 503
    assert await nothing_is_kept(region)


async def test_no_scanner_no_upload(region: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    scanned_at(region, "127.0.0.1:1")
    assert (await uploads(region.as_("ann"), "a.pdf", a_pdf())).status_code == 503
    monkeypatch.setattr(antivirus, "SECONDS", 0.2)
    left = asyncio.Event()

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the other side gives up
        writer.close()
        await writer.wait_closed()
        left.set()

    async with await asyncio.start_server(listens, "127.0.0.1", 0) as silent:
        scanned_at(region, f"127.0.0.1:{silent.sockets[0].getsockname()[1]}")
        assert (await uploads(region.as_("ann"), "a.pdf", a_pdf())).status_code == 503
        await left.wait()
    assert await nothing_is_kept(region)


async def test_the_scanner_may_be_a_socket(region: Service, tmp_path: Path) -> None:
    path = tmp_path / "clamd.sock"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(bytes(4))
        writer.write(b"stream: Eicar-Signature FOUND\0")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_unix_server(serve, str(path)):
        scanned_at(region, str(path))
        assert (await uploads(region.as_("ann"), "notes.txt", EICAR)).status_code == 422


@pytest.mark.parametrize("clamd", ["", "127.0.0.1:3310", "clamav:3310", "/run/clamd.sock"])
def test_where_the_scanner_is(clamd: str) -> None:
    assert ResourceSettings(clamd=clamd).clamd == clamd


@pytest.mark.parametrize("clamd", ["clamav", ":3310", "http://clamav:3310", "clamav:x"])
def test_where_no_scanner_can_be(clamd: str) -> None:
    with pytest.raises(ValueError):
        ResourceSettings(clamd=clamd)
