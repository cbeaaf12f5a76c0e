"""Lists in the order of ids: where a page begins, and where the next one does."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from fastapi import Request

from shared.http.paging import Page, cursor

T = TypeVar("T")


def begin(page: Page) -> str:
    """The id after which the page begins."""
    (id,) = page.position(str) or ("",)
    return id


def cut(
    request: Request, page: Page, found: Sequence[T], key: Callable[[T], str]
) -> tuple[Sequence[T], str | None]:
    """One page of what was found, which is one more than the page holds if there is a next."""
    items = found[: page.limit]
    more = len(found) > page.limit
    return items, cursor(request.url.path, key(items[-1])) if more else None
