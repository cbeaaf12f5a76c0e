"""What a person sees of the mailbox."""

from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deploy.local.mailbox.api import mail_of, mailbox_of
from deploy.local.mailbox.invitation import invitation

HERE = Path(__file__).parent / "pages"
PAGE = 50
# Nothing on these pages runs or is fetched from elsewhere, whatever a mail says.
OUR_PAGE = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'"
)
# A mail may look as it likes and its links open in a new tab; it runs no scripts and loads nothing, no tracking pixel.
THEIR_PAGE = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; "
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
)

router = APIRouter(include_in_schema=False)
templates = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)


@router.get("/")
async def show_mails(request: Request, to: str = "", start: int = Query(0, ge=0)) -> HTMLResponse:
    mailbox = mailbox_of(request)
    mails = mailbox.newest_first(to=to.strip())
    return _page(
        "list.html",
        mails=mails[start : start + PAGE],
        found=len(mails),
        to=to.strip(),
        recipients=mailbox.recipients(),
        newer=_list(to, max(0, start - PAGE)) if start else "",
        older=_list(to, start + PAGE) if start + PAGE < len(mails) else "",
    )


@router.get("/mail/{mail_id}")
async def show_mail(request: Request, mail_id: str) -> HTMLResponse:
    mail = mail_of(request, mail_id)
    opened = mail.opened()
    return _page("mail.html", mail=mail, opened=opened, invitation=invitation(opened.calendar))


@router.get("/mail/{mail_id}/html")
async def show_html_part(request: Request, mail_id: str) -> HTMLResponse:
    html = mail_of(request, mail_id).opened().html
    return HTMLResponse(f'<base target="_blank">{html}', headers=_guarded(THEIR_PAGE))


@router.get("/style.css")
async def show_style() -> Response:
    return FileResponse(HERE / "style.css", media_type="text/css")


def _page(template: str, **shown: object) -> HTMLResponse:
    html = templates.get_template(template).render(**shown)
    return HTMLResponse(html, headers=_guarded(OUR_PAGE))


def _guarded(policy: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


def _list(to: str, start: int) -> str:
    return f"/?{urlencode({'to': to, 'start': start})}"
