"""python -m tests.bench.sink FILE: a mail server that takes everything, and writes down each Message-ID."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP


class Sink:
    def __init__(self, file: Path) -> None:
        self._told = file.open("a", buffering=1)
        self._sample = file.with_suffix(".eml")

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        head: bytes = envelope.content[:1000]
        self._told.write(head.partition(b"Message-ID: ")[2].partition(b"\r\n")[0].decode() + "\n")
        if not self._sample.exists():
            self._sample.write_bytes(envelope.content)
        return "250 taken"


async def serve(file: Path) -> None:
    loop, sink = asyncio.get_running_loop(), Sink(file.with_suffix(".mails"))
    server = await loop.create_server(
        lambda: SMTP(sink, hostname="sink.test", loop=loop), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], file=file.open("w"), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
