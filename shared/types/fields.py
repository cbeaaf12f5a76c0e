"""Texts that come from elsewhere and go on to others: as they are meant to be, or not at all."""

from typing import Annotated, Any

from pydantic import FailFast, GetPydanticSchema
from pydantic_core import core_schema

_W3C = r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"


def _or_nothing(**limits: Any) -> GetPydanticSchema:
    optional = core_schema.nullable_schema(core_schema.str_schema(**limits))
    schema = core_schema.with_default_schema(optional, default=None, on_error="default")
    return GetPydanticSchema(lambda _source, _handler: schema)


TraceParent = Annotated[str | None, _or_nothing(pattern=_W3C)]
"""A W3C trace context, else nothing: it goes on into logs, headers and mails, as no other text may."""
Reference = Annotated[str | None, _or_nothing(max_length=500)]
"""The id of another event, else nothing: what follows from an event repeats it."""
Texts = Annotated[tuple[str, ...], FailFast()]
"""Several texts. Of a megabyte of what is none, the first is enough to say so."""
