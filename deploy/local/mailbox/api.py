"""The part of Mailpit's HTTP API that tests read, under the same names."""

import re
from typing import Any

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import PlainTextResponse

from deploy.local.mailbox.kept import Mailbox
from deploy.local.mailbox.mail import Address, Mail, Part

router = APIRouter()
PAGE = 50  # Mailpit's


@router.get("/livez", response_class=PlainTextResponse)
@router.get("/readyz", response_class=PlainTextResponse)
async def is_ready() -> str:
    return "ok"


@router.get("/api/v1/messages")
async def list_mails(
    request: Request, start: int = Query(0, ge=0), limit: int = Query(PAGE, ge=0)
) -> dict[str, Any]:
    mailbox = mailbox_of(request)
    return _page(mailbox, mailbox.newest_first(), start, limit)


@router.get("/api/v1/search")
async def search_mails(
    request: Request, query: str, start: int = Query(0, ge=0), limit: int = Query(PAGE, ge=0)
) -> dict[str, Any]:
    """`to:` an address and `subject:` words, quoted where they hold spaces."""
    mailbox = mailbox_of(request)
    asked = {
        name: quoted or bare
        for name, quoted, bare in re.findall(r'(to|subject):(?:"([^"]*)"|(\S+))', query)
    }
    if not asked:
        raise HTTPException(400, "Search for to:ADDRESS or subject:WORDS.")
    return _page(mailbox, mailbox.newest_first(**asked), start, limit)


@router.delete("/api/v1/messages", response_class=PlainTextResponse)
async def delete_mails(request: Request) -> str:
    mailbox_of(request).empty()
    return "ok"


@router.get("/api/v1/message/{mail_id}")
async def read_mail(request: Request, mail_id: str) -> dict[str, Any]:
    mail = mail_of(request, mail_id)
    opened = mail.opened()
    return _envelope(mail) | {
        "Date": mail.received_at.isoformat(),
        "ReturnPath": mail.return_path,
        "Text": opened.text,
        "HTML": opened.html,
        "Inline": [_part(part) for part in opened.parts if part.content_id],
        "Attachments": [_part(part) for part in opened.attachments() if not part.content_id],
    }


@router.get("/api/v1/message/{mail_id}/raw")
async def read_source(request: Request, mail_id: str) -> Response:
    source = mail_of(request, mail_id).raw
    return PlainTextResponse(source, headers={"X-Content-Type-Options": "nosniff"})


@router.get("/api/v1/message/{mail_id}/headers")
async def read_headers(request: Request, mail_id: str) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for name, value in mail_of(request, mail_id).opened().headers:
        headers.setdefault(name, []).append(value)
    return headers


@router.get("/api/v1/message/{mail_id}/part/{number}")
async def read_part(request: Request, mail_id: str, number: int) -> Response:
    for part in mail_of(request, mail_id).opened().parts:
        if part.number == number:
            # Downloaded, never shown: what a mail carries must not run on this page.
            return Response(
                part.content,
                headers={"Content-Disposition": "attachment"},
                media_type="application/octet-stream",
            )
    raise HTTPException(404, "This mail has no such part.")


def mailbox_of(request: Request) -> Mailbox:
    mailbox: Mailbox = request.app.state.mailbox
    return mailbox


def mail_of(request: Request, mail_id: str) -> Mail:
    if mail := mailbox_of(request).get(mail_id):
        return mail
    raise HTTPException(404, "There is no such mail.")


def _page(mailbox: Mailbox, mails: list[Mail], start: int, limit: int) -> dict[str, Any]:
    shown = mails[start : start + limit]
    return {
        "total": len(mailbox),
        "unread": len(mailbox),
        "count": len(shown),
        "messages_count": len(mails),
        "start": start,
        "tags": [],
        "messages": [
            _envelope(mail) | {"Created": mail.received_at.isoformat(), "Read": False}
            for mail in shown
        ],
    }


def _envelope(mail: Mail) -> dict[str, Any]:
    return {
        "ID": mail.id,
        "MessageID": mail.message_id,
        "From": _address(mail.sender),
        "To": [_address(one) for one in mail.to],
        "Cc": [_address(one) for one in mail.cc],
        "Bcc": [_address(one) for one in mail.bcc],
        "ReplyTo": [_address(one) for one in mail.reply_to],
        "Subject": mail.subject,
        "Size": mail.size,
        "Tags": [],
        "Attachments": mail.attachment_count,
    }


def _address(one: Address) -> dict[str, str]:
    return {"Name": one.name, "Address": one.address}


def _part(part: Part) -> dict[str, Any]:
    return {
        "PartID": str(part.number),
        "FileName": part.filename,
        "ContentType": part.content_type,
        "ContentID": part.content_id,
        "Size": len(part.content),
    }
