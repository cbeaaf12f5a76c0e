"""The JSON Schema of an event: what may be read as one, and what is written."""

from typing import Any, Literal, cast

from pydantic.json_schema import GenerateJsonSchema

from shared.events.event import Document, Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Plain(GenerateJsonSchema):
    """Without a title for each field, which would only repeat its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        """What is written has every field, those with defaults too."""
        return self.mode == "serialization" or super().field_is_required(field, total)


def schema(event: type[Event], mode: Literal["validation", "serialization"]) -> Document:
    """`validation`: what readers take; `serialization`: what writers write, which has every field.

    Readers ignore fields they do not know, so the schema allows them.
    """
    return _open(event.model_json_schema(mode=mode, schema_generator=_Plain))


def contract(event: type[Event]) -> Document:
    """What is recorded of an event: its schema for readers, and where it is published."""
    published = {"x-topic": event.topic, "x-key": event.key_field}
    return {"$schema": DIALECT, "$id": event.type, **schema(event, "validation"), **published}


def _open(schema: Document) -> Document:
    """Allow unknown fields wherever the model, which also writes, forbids them."""
    if schema.get("additionalProperties") is False:
        del schema["additionalProperties"]
    for value in schema.values():
        for part in cast("list[Any]", value) if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                _open(cast("Document", part))
    return schema
