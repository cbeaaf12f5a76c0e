"""An address on the web that people may be sent to."""

import hashlib
import re
from typing import Literal

from pydantic import BaseModel, HttpUrl, TypeAdapter, ValidationError

from services.resources.model.names import has_unseen
from shared.errors import Invalid

URL_LENGTH = 2000


class Link(BaseModel, frozen=True):
    """An address on the web."""

    kind: Literal["link"] = "link"
    url: str
    sha256: str


class UnsafeLink(Invalid):
    """This address is not one to send people to."""


_url = TypeAdapter(HttpUrl)
_plain = re.compile(r"https?://[^\s/?#@\\]+([/?#][^\s\\<>\"`]*)?", re.IGNORECASE)
"""Stricter than browsers are, so that nobody reads another host in it than a browser does."""


def link(url: str) -> Link:
    """An address people may be sent to: http or https, without a name and password in it."""
    url = url.strip()
    if len(url) > URL_LENGTH or has_unseen(url):
        raise UnsafeLink(f"It may have {URL_LENGTH} characters, all of them visible.", field="url")
    try:
        parsed = _url.validate_python(url)
    except ValidationError:
        raise UnsafeLink(
            "It must begin with http:// or https:// and name a host.", field="url"
        ) from None
    if parsed.username is not None or parsed.password is not None:
        raise UnsafeLink(
            "Take the name and password out of it: every member would see them.", field="url"
        )
    if not _plain.fullmatch(url):
        raise UnsafeLink(
            "It must be http:// or https://, a host, a path; percent-encode spaces, quotes, <, > and \\.",
            field="url",
        )
    return Link(url=url, sha256=hashlib.sha256(url.encode()).hexdigest())
