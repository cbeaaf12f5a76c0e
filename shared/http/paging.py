"""Lists in pages: `?limit=`, and a cursor that says where the page before was left off."""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar, cast

import orjson
from fastapi import Depends, Query, Request
from pydantic import BaseModel

from shared.errors import Malformed
from shared.types.clock import within_reach
from shared.types.limits import PAGE

T = TypeVar("T")


class Page(BaseModel):
    """How much of a list, from where: `?limit=` and the `next` of the page before."""

    limit: int
    path: str
    after: list[Any] | None

    def position(self, *types: type) -> tuple[Any, ...] | None:
        """What the cursor holds: exactly these types, a datetime as its ISO text. Malformed otherwise."""
        if self.after is None:
            return None
        if len(self.after) != len(types):
            raise Malformed(BAD_CURSOR)
        return tuple(
            _as(expected, value) for expected, value in zip(types, self.after, strict=True)
        )

    @property
    def wanted(self) -> int:
        """How many items to look for: one more than the page holds tells whether there is a next."""
        return self.limit + 1

    def cut(
        self, wanted: Sequence[T], key: Callable[[T], tuple[Any, ...]]
    ) -> tuple[Sequence[T], str | None]:
        """The page out of `wanted` items, and the cursor of the next if there is one; `key` is an item's position."""
        items = wanted[: self.limit]
        more = len(wanted) > self.limit
        return items, cursor(self.path, *key(items[-1])) if more else None


BAD_CURSOR = "This cursor is not one this list gave out. Start without a cursor."


def _as(expected: type, value: Any) -> Any:
    if expected is datetime and isinstance(value, str):
        try:
            moment = within_reach(datetime.fromisoformat(value))
        except ValueError:
            raise Malformed(BAD_CURSOR) from None
        if moment.tzinfo is not None:
            return moment
    elif type(value) is expected and not (expected is int and abs(value) >= 2**63):
        return value
    raise Malformed(BAD_CURSOR)


async def _page(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=PAGE, description="How many at most.")] = 50,
    mark: Annotated[
        str | None, Query(alias="cursor", description="The `next` of the page before.")
    ] = None,
) -> Page:
    path: str = request.scope["path"]  # `request.url` is put together anew each time
    return Page(limit=limit, path=path, after=opened(mark, path) if mark else None)


Paging = Annotated[Page, Depends(_page)]


def cursor(path: str, *position: Any) -> str:
    """An opaque mark of where a list of this path was left off."""
    return base64.urlsafe_b64encode(orjson.dumps([path, *position])).decode().rstrip("=")


def opened(text: str, path: str) -> list[Any]:
    try:
        position: Any = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if isinstance(position, list) and position[0] == path:
            return cast("list[Any]", position[1:])
    except (ValueError, IndexError):
        pass
    raise Malformed(BAD_CURSOR)
