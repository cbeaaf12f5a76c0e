"""R9: what is refused is not kept, and what is served cannot run."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.resources.store import ResourceSettings, antivirus, blobs
from shared.clock import now
from shared.database import Database
from shared.errors import Busy
from shared.transaction import Transaction
from tests.support import Service
from tests.unit.resources.little_files import ELF, EXE, HTML, SVG, a_pdf, a_zip, an_office_file


async def uploads(
    client: httpx2.AsyncClient, name: str, content: bytes, **data: Any
) -> httpx2.Response:
    return await client.post(
        "/communities/open/files", files={"file": (name, content)}, data={"title": "Guide", **data}
    )


async def nothing_is_kept(service: Service) -> bool:
    collections = ("resources", "uploads", "fs.files", "fs.chunks", "outbox")
    counts = [await service.database[name].count_documents({}) for name in collections]
    return counts == [0] * len(collections)


NOT_TAKEN = [
    ("setup.exe", EXE, "kind-not-accepted"),
    ("minutes.pdf", EXE, "not-what-it-says"),
    ("minutes.docx", ELF, "not-what-it-says"),
    ("minutes.docx", a_zip(("setup.exe", EXE)), "not-what-it-says"),
    ("notes.txt", HTML, "not-what-it-says"),
    ("page.html", HTML, "kind-not-accepted"),
    ("tree.svg", SVG, "kind-not-accepted"),
    ("tree.png", SVG, "not-what-it-says"),
    ("minutes.pdf\u202e.exe", a_pdf(), "kind-not-accepted"),
    ("minutes.pdf", b"", "not-what-it-says"),
]


async def test_what_is_not_what_it_says_is_refused_and_not_kept(region: Service) -> None:
    for name, content, problem in NOT_TAKEN:
        reply = await uploads(region.as_("ann"), name, content)
        assert reply.status_code == 422, reply.text
        assert reply.json()["type"] == f"urn:copse:problem:{problem}"
        assert [error["field"] for error in reply.json()["errors"]] == ["file"]
    assert await nothing_is_kept(region)


async def test_a_new_version_is_looked_into_as_well(region: Service) -> None:
    ann = region.as_("ann")
    here = (await uploads(ann, "a.pdf", a_pdf())).headers["location"]
    reply = await ann.post(f"{here}/versions/file", files={"file": ("a.pdf", EXE)})
    assert reply.status_code == 422
    assert (await ann.get(here)).json()["version"] == 1
    assert await region.database["fs.files"].count_documents({}) == 1


async def test_a_file_over_the_limit_is_refused_and_not_kept(region: Service) -> None:
    region.app.state.settings = region.app.state.settings.model_copy(update={"file_limit": 1000})
    ann = region.as_("ann")
    reply = await uploads(ann, "a.pdf", a_pdf("x" * 1000))
    assert reply.status_code == 413
    assert reply.json()["type"] == "urn:copse:problem:file-too-large"
    assert "1,000 bytes" in reply.json()["detail"]
    assert await nothing_is_kept(region)
    assert (await uploads(ann, "a.pdf", a_pdf("x" * 500))).status_code == 201


async def test_a_file_of_the_limit_is_taken_and_the_usual_limit_is_25_mb(region: Service) -> None:
    ann, whole = region.as_("ann"), a_pdf()
    limit = region.app.state.settings.file_limit
    assert limit == 25_000_000
    most = a_pdf("x" * (limit - len(whole) + len("hello")))
    assert len(most) == limit
    reply = await uploads(ann, "a.pdf", most)
    assert reply.status_code == 201, reply.text
    assert (await ann.get(reply.headers["location"] + "/content")).content == most
    over = await uploads(ann, "a.pdf", a_pdf("x" * limit))
    assert over.status_code == 413
    kernel = await uploads(ann, "a.pdf", bytes(31_000_000))
    assert (kernel.status_code, kernel.json()["type"]) == (413, "urn:copse:problem:too-large")
    assert await region.database["fs.files"].count_documents({}) == 1


async def test_a_10_mb_body_is_no_link(region: Service) -> None:
    link = {"url": "https://example.org/", "title": "x", "description": "x" * 10_000_000}
    reply = await region.as_("ann").post("/communities/open/links", json=link)
    assert reply.status_code == 413
    assert await nothing_is_kept(region)


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


async def test_a_file_is_saved_and_never_shown_by_the_browser(region: Service) -> None:
    ann = region.as_("ann")
    for name, content, media_type in (
        ("minutes.pdf", a_pdf(), "application/pdf"),
        ("notes.txt", b"hello", "text/plain"),
        ("minutes.docx", an_office_file(), WORD),
    ):
        here = (await uploads(ann, name, content)).headers["location"]
        got = await ann.get(f"{here}/content")
        assert got.headers["content-type"] == media_type
        assert got.headers["content-disposition"].startswith(f'attachment; filename="{name}"; ')
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in got.headers["content-security-policy"]
        assert got.headers["cache-control"] == "private, no-cache"
        assert int(got.headers["content-length"]) == len(content)
        again = await ann.get(f"{here}/content", headers={"if-none-match": got.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


async def test_a_name_breaks_no_header(region: Service) -> None:
    ann = region.as_("ann")
    body = (
        b"--b\r\ncontent-disposition: form-data; name=title\r\n\r\nx\r\n--b\r\n"
        b'content-disposition: form-data; name=file; filename="../a%0d%0aX-Evil: 1\\";\xe2\x80\xae.pdf"'
        b"\r\n\r\n" + a_pdf() + b"\r\n--b--\r\n"
    )
    headers = {"content-type": "multipart/form-data; boundary=b"}
    reply = await ann.post("/communities/open/files", content=body, headers=headers)
    assert reply.status_code == 201, reply.text
    got = await ann.get(f"{reply.headers['location']}/content")
    assert "x-evil" not in got.headers
    disposition = got.headers["content-disposition"]
    assert disposition.count('"') == 2
    assert not set(disposition) & set("\r\n/\\")
    assert "%E2%80%AE" not in disposition


WRONG_WORDS: list[tuple[dict[str, Any], str]] = [
    ({"title": ""}, "title"),
    ({"title": "a\r\nBcc: eve@example.org"}, "title"),
    ({"title": "x" * 201}, "title"),
    ({"description": "x" * 5001}, "description"),
    ({"tags": ["a\nb"]}, "tags.0"),
    ({"tags": ["a"] * 21}, "tags"),
]


async def test_words_about_a_file_have_bounds(region: Service) -> None:
    for wrong, field in WRONG_WORDS:
        reply = await uploads(region.as_("ann"), "a.pdf", a_pdf(), **wrong)
        assert reply.status_code == 422
        assert [error["field"] for error in reply.json()["errors"]] == [field]
    assert await nothing_is_kept(region)


async def test_an_upload_without_a_file_or_in_another_form_is_refused(region: Service) -> None:
    ann = region.as_("ann")
    path = "/communities/open/files"
    form = {"content-type": "multipart/form-data; boundary=b"}
    for reply in (
        await ann.post(path, data={"title": "x"}),
        await ann.post(path, json={"title": "x"}),
        await ann.post(path, data={"title": "x", "file": "not a file"}),
        await ann.post(path, content=b"--b\r\nnonsense", headers=form),
        await ann.post(path, content=b"", headers=form),
        await ann.post(path, content=b"x", headers={"content-type": "multipart/form-data"}),
    ):
        assert reply.status_code in (400, 422), reply.text
        assert reply.headers["content-type"] == "application/problem+json"
    assert await nothing_is_kept(region)


# Bytes and transactions


async def test_the_bytes_of_a_command_that_failed_go_after_an_hour(
    region: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the process died here")

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "add", fails)
        assert (await uploads(region.as_("ann"), "a.pdf", a_pdf("x" * 600_000))).status_code == 500
    kept = await uploads(region.as_("ann"), "b.pdf", a_pdf("y" * 600_000))
    assert (await region.as_("ann").get("/communities/open/resources")).json()["items"] == [
        kept.json()
    ]
    assert await region.database["fs.files"].count_documents({}) == 2

    await region.tick()
    assert await region.database["fs.files"].count_documents({}) == 2  # it might yet be adopted
    region.clock(now() + timedelta(hours=1, minutes=1))
    await region.tick()
    assert await region.database["fs.files"].count_documents({}) == 1
    assert await region.database["fs.chunks"].count_documents({}) == 3
    got = await region.as_("bob").get(f"{kept.headers['location']}/content")
    assert got.content == a_pdf("y" * 600_000)
    region.clock(now() + timedelta(days=1))
    await region.tick()
    assert await region.database["uploads"].count_documents({}) == 0
    assert await region.database["fs.files"].count_documents({}) == 1


async def test_bytes_that_were_sent_in_part_go_after_an_hour(region: Service) -> None:
    await region.database["uploads"].insert_one({"_id": "half", "at": now()})
    await region.database["fs.chunks"].insert_one({"files_id": "half", "n": 0, "data": b"x"})
    region.clock(now() + timedelta(hours=2))
    await region.tick()
    assert await region.database["fs.chunks"].count_documents({}) == 0


async def test_bytes_that_come_after_the_sweep_go_too(region: Service) -> None:
    """A process that stood still for hours writes on when it wakes."""
    await region.database["uploads"].insert_one({"_id": "slow", "at": now()})
    region.clock(now() + timedelta(hours=2))
    await region.tick()
    await region.database["fs.chunks"].insert_one({"files_id": "slow", "n": 1, "data": b"x"})
    with pytest.raises(Busy):
        await region.database.transact(lambda tx: blobs.adopt(tx, "slow"))
    region.clock(now() + timedelta(days=1))
    await region.tick()
    assert await region.database["fs.chunks"].count_documents({}) == 0
    assert await region.database["uploads"].count_documents({}) == 0


async def a_blob(database: Database) -> str:
    await blobs.keep(database, "blob", b"bytes")
    return "blob"


async def bytes_of(database: Database, blob_id: str) -> bytes:
    return b"".join([chunk async for chunk in await blobs.read(database, blob_id)])


async def test_a_sweep_waits_for_a_command_that_is_about_to_adopt(region: Service) -> None:
    database = region.database
    blob = await a_blob(database)
    region.clock(now() + timedelta(hours=2))
    sweeping: list[asyncio.Task[None]] = []

    async def command(tx: Transaction) -> None:
        await blobs.adopt(tx, blob)
        sweeping.append(asyncio.create_task(blobs.sweep(database)))
        await asyncio.sleep(0.5)  # the sweeper has found the note, and may not change it
        assert not sweeping[0].done()

    await database.transact(command)
    await sweeping[0]
    assert len(sweeping) == 1
    assert await bytes_of(database, blob) == b"bytes"


async def test_a_command_that_comes_after_the_sweep_does_not_adopt(region: Service) -> None:
    database = region.database
    blob = await a_blob(database)
    region.clock(now() + timedelta(hours=2))
    runs = 0

    async def command(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        await tx.get(
            "communities", "open"
        )  # from here it sees the world as it was before the sweep
        if runs == 1:
            await blobs.sweep(database)
        await blobs.adopt(tx, blob)
        tx.write("communities", _mark())

    with pytest.raises(Busy):
        await database.transact(command)
    assert runs == 2
    assert await database["communities"].count_documents({"marked": True}) == 0


def _mark() -> Any:
    from pymongo import UpdateOne

    return UpdateOne({"_id": "open"}, {"$set": {"marked": True}})


async def test_sweeps_and_commands_together_lose_and_leave_nothing(region: Service) -> None:
    database = region.database
    names = [f"blob {n}" for n in range(40)]
    for name in names:
        await blobs.keep(database, name, name.encode())
    region.clock(now() + timedelta(hours=2))

    async def adopts(name: str) -> bool:
        try:
            await database.transact(lambda tx: blobs.adopt(tx, name))
        except Busy:
            return False
        return True

    sweeps = [blobs.sweep(database) for _ in range(4)]
    _, adopted = await asyncio.gather(asyncio.gather(*sweeps), asyncio.gather(*map(adopts, names)))
    await blobs.sweep(database)
    kept = {one["_id"] async for one in database["fs.files"].find()}
    assert kept == {name for name, done in zip(names, adopted, strict=True) if done}
    for name in kept:
        assert await bytes_of(database, name) == name.encode()


async def test_two_who_revise_at_once_make_two_versions_and_keep_two_files(region: Service) -> None:
    ann, fay = region.as_("ann"), region.as_("fay")
    here = (await uploads(ann, "a.pdf", a_pdf("0"))).headers["location"]

    async def revises(client: httpx2.AsyncClient, n: int) -> int:
        file = {"file": ("a.pdf", a_pdf(f"new {n}"))}
        return (await client.post(f"{here}/versions/file", files=file)).status_code

    assert await asyncio.gather(*(revises((ann, fay)[n % 2], n) for n in range(10))) == [201] * 10
    versions = (await ann.get(f"{here}/versions")).json()["items"]
    assert [one["version"] for one in versions] == list(range(11, 0, -1))
    assert len({one["sha256"] for one in versions}) == 11
    assert (
        await region.database["fs.files"].count_documents({}) == 11
    )  # a retry keeps no second copy
    assert await region.database["uploads"].count_documents({}) == 0


async def test_gridfs_finds_its_collections_and_indexes_made(region: Service) -> None:
    before = {
        name: set(await region.database[name].index_information())
        for name in ("fs.files", "fs.chunks")
    }
    await uploads(region.as_("ann"), "a.pdf", a_pdf())
    for name, indexes in before.items():
        assert set(await region.database[name].index_information()) == indexes
        assert len(indexes) == 2


# The virus scanner: a daemon that speaks clamd's protocol


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
    service.app.state.settings = service.app.state.settings.model_copy(update={"clamd": clamd})


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
