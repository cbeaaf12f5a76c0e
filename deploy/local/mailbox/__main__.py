"""python -m deploy.local.mailbox FOLDER SMTP_PORT WEB_PORT"""

import asyncio
import sys
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI

from deploy.local.mailbox import api, pages
from deploy.local.mailbox.kept import Mailbox
from deploy.local.ports import HOST

LARGEST_MAIL = 32 * 1024 * 1024  # bytes


class Inbox:
    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        mail = self._mailbox.keep(content, envelope.mail_from or "", envelope.rcpt_tos)
        return f"250 2.0.0 Ok: kept as {mail.id}"


async def serve(folder: Path, smtp_port: int, web_port: int) -> None:
    mailbox, loop = Mailbox(folder), asyncio.get_running_loop()

    def conversation() -> SMTP:
        # The name is given because looking it up may take seconds where the machine's own name does not resolve.
        return SMTP(
            Inbox(mailbox),
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            hostname="copse.localhost",
            loop=loop,
        )

    web = FastAPI(title="Copse mailbox", docs_url=None, redoc_url=None, openapi_url=None)
    web.state.mailbox = mailbox
    web.include_router(api.router)
    web.include_router(pages.router)
    settings = uvicorn.Config(web, host=HOST, port=web_port, log_level="warning", access_log=False)
    async with await loop.create_server(conversation, HOST, smtp_port):
        await uvicorn.Server(settings).serve()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
