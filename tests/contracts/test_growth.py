"""Contracts only grow: what was recorded must be read by today's code, and the other way about."""

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from deploy.docs import record, system
from deploy.docs.compatible import faults
from deploy.docs.shape import contract
from shared.events.event import Event
from shared.types.clock import Moment
from tests.contracts.trees import now, recorded

HERE = Path(__file__).parent


def test_todays_contracts_fit_what_was_recorded():
    found = record.broken(HERE, system.events())
    assert not found, "\n".join(["Contracts only grow:", *map(str, found)])


def test_every_contract_is_on_record():
    missing = record.unrecorded(HERE, system.events())
    assert not missing, f"run `make flow` and commit: {', '.join(file.name for file in missing)}"


def against(today: type[Event]) -> list[str]:
    return [str(fault) for fault in record.against(contract(recorded()), today)]


class BiggerPart(BaseModel):
    """It must have a colour now."""

    name: str
    size: int = 1
    colour: str


class SmallerPart(BaseModel):
    """It has no size any longer."""

    name: str


def test_what_did_not_change_fits():
    assert against(now()) == []


@pytest.mark.parametrize(
    ("growth", "why"),
    [
        ({"colour": (str | None, None)}, "a new field that may be missing"),
        ({"tags": (tuple[str, ...], ())}, "a new list that may be missing"),
        (
            {"height": (int, 1)},
            "a field that had to be there now has a default, and is still written",
        ),
    ],
)
def test_growth_is_welcome(growth: dict[str, Any], why: str):
    assert against(now(**growth)) == [], why


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"without": "note"}, ["TreePlanted.note is gone", "keep it", "`version=2`"]),
        ({"without": "height"}, ["TreePlanted.height is gone", "keep it"]),
        ({"colour": str}, ["TreePlanted.colour is required, and new", "give it a default"]),
        ({"note": str | None}, ["TreePlanted.note is required, and may be missing", "a default"]),
        (
            {"kind": Literal["oak", "ash", "elm"]},
            ["TreePlanted.kind may be 'elm'", "never widens", "add another", "`version=2`"],
        ),
        ({"kind": Literal["oak"]}, ["TreePlanted.kind may be 'ash', where only 'oak' are read"]),
        ({"kind": str}, ["TreePlanted.kind may be string, where only 'oak', 'ash' are read"]),
        ({"height": str}, ["TreePlanted.height may be integer, where string is read"]),
        ({"height": float}, ["TreePlanted.height may be number, where integer is read"]),
        ({"height": int | None}, ["TreePlanted.height may be null, where integer is read"]),
        ({"height": (int, Field(ge=1))}, ["TreePlanted.height may be without minimum"]),
        ({"note": (str, "")}, ["TreePlanted.note may be null, where string is read"]),
        ({"note": (Moment | None, None)}, ["TreePlanted.note may be without format"]),
        (
            {"planted_at": str},
            ["TreePlanted.planted_at may be without format", "date-time is read"],
        ),
        ({"label": (str, Field(default="tree", max_length=5))}, ["maxLength 10", "maxLength 5"]),
        ({"label": (str, Field(default="tree", max_length=50))}, ["maxLength 50", "maxLength 10"]),
        ({"label": (str, Field(default="bush", max_length=10))}, ["was 'tree'", "now is 'bush'"]),
        ({"parts": (tuple[str, ...], ())}, ["TreePlanted.parts[] may be"]),
        (
            {"parts": (tuple[BiggerPart, ...], ())},
            ["TreePlanted.parts[].colour is required, and new"],
        ),
        ({"parts": (tuple[SmallerPart, ...], ())}, ["TreePlanted.parts[].size is gone"]),
        ({"topic": "wood.plants"}, ["TreePlanted's topic was wood.trees and is wood.plants"]),
        ({"key": "kind"}, ["TreePlanted's key was tree_id and is kind"]),
    ],
)
def test_a_break_is_named_with_what_to_do_instead(change: dict[str, Any], says: list[str]):
    said = "\n".join(against(now(**change)))
    assert all(words in said for words in says), said


class Leaf(BaseModel):
    """Contains itself."""

    name: str
    leaves: tuple["Leaf", ...] = ()


class Twig(BaseModel):
    """Contains itself, and is longer."""

    name: str
    length: int
    leaves: tuple["Twig", ...] = ()


def test_a_model_that_contains_itself_is_compared_once():
    leaf, twig = Leaf.model_json_schema(), Twig.model_json_schema()
    assert faults(leaf, leaf, name="Leaf") == []
    assert [str(f) for f in faults(twig, leaf, name="Leaf")] == [
        "Leaf.length is required, and new; give it a default"
    ]


def test_named_fields_of_any_name_are_compared():
    def counts(value: str) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"type": value}}

    assert faults(counts("integer"), counts("integer"), name="n") == []
    assert faults(counts("integer"), counts("string"), name="n")
    assert faults(counts("integer"), {"type": "object"}, name="n")
