"""Asks ClamAV's daemon about a file (clamd(8), INSTREAM). Another scanner is another `require_clean`."""

import asyncio

from shared.errors import Busy, Invalid

CHUNK = 1 << 20
SECONDS = 60


class Infected(Invalid):
    """The virus scanner knows this file."""


async def require_clean(clamd: str, content: bytes) -> None:
    """Raise Infected, or Busy when there is no answer: what was not scanned is not taken."""
    if not clamd:
        return
    try:
        async with asyncio.timeout(SECONDS):
            answer = await _ask(clamd, content)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise Busy("The virus scanner does not answer. Try again in a minute.") from None
    if answer.endswith(" FOUND"):
        name = answer.removeprefix("stream: ").removesuffix(" FOUND")
        raise Infected(f"It was found to hold {name}. Scan your device.", field="file")
    if answer != "stream: OK":
        raise Busy(f"The virus scanner could not look into it: {answer[:100]}")


async def _ask(clamd: str, content: bytes) -> str:
    if clamd.startswith("/"):
        reader, writer = await asyncio.open_unix_connection(clamd)
    else:
        host, _, port = clamd.rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(b"zINSTREAM\0")
        for start in range(0, len(content), CHUNK):
            part = content[start : start + CHUNK]
            writer.write(len(part).to_bytes(4, "big") + part)
            await writer.drain()
        writer.write(bytes(4))
        return (await reader.readuntil(b"\0"))[:-1].decode(errors="replace")
    finally:
        writer.close()
