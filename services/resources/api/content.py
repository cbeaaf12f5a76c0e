"""The bytes of a file, to be saved and never to be shown by the browser on this site."""

import unicodedata
from typing import Annotated
from urllib.parse import quote

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from services.resources import store
from services.resources.model import Link
from services.resources.settings import ResourceSettings
from shared.errors import Refused
from shared.http.auth import Principal
from shared.http.router import Router, Tx
from shared.runtime.runtime import running

router = Router(prefix="/resources", tags=["versions"])


class NotAFile(Refused):
    """A link has no content here."""


@router.get(
    "/{resource_id}/content",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"*/*": {}}, "description": "The file, as what it is"},
        409: {"description": "`not-a-file`"},
    },
)
async def download_file(
    resource_id: str,
    me: Principal,
    tx: Tx,
    request: Request,
    version: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """A file's bytes, of the newest version or the one I name. 409 for a link: its `url` is the way."""
    resource, _ = await store.see(tx, resource_id, me)
    file = resource.version(version).content
    if isinstance(file, Link):
        raise NotAFile(f"Follow its url: {file.url}", url=file.url)
    headers = {
        "etag": f'"{file.sha256}"',
        "cache-control": "private, no-cache",
        "vary": "authorization",
    }
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    headers |= {
        "content-type": file.media_type,
        "content-length": str(file.size),
        "content-disposition": attachment(file.name),
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
        "cross-origin-resource-policy": "same-site",
    }
    database = running(request, ResourceSettings).database
    return StreamingResponse(await store.read(database, file.blob_id), headers=headers)


def attachment(name: str) -> str:
    """Content-Disposition for a name that holds no quotes, controls or path (RFC 6266, 4.3 and appendix D)."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, extension = plain.rpartition(".")
    fallback = plain if stem.strip() else f"file{dot}{extension}"
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(name, safe='')}"
