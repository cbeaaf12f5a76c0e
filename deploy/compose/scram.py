"""Kafka's requests about SCRAM users (KIP-554), which aiokafka lacks."""
# aiokafka declares as properties what its own responses set like this:
# pyright: reportIncompatibleMethodOverride=false, reportAssignmentType=false

import hashlib
import secrets
from typing import Any

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    CompactArray,
    CompactBytes,
    CompactString,
    Int8,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

SHA_512 = 2
ROUNDS = 8192
TEXT = CompactString("utf-8")
END = ("tags", TaggedFields)


class DescribeResponse(Response):
    API_KEY = 50
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", TEXT),
        (
            "users",
            CompactArray(
                ("user", TEXT),
                ("error_code", Int16),
                ("error_message", TEXT),
                ("credentials", CompactArray(("mechanism", Int8), ("iterations", Int32), END)),
                END,
            ),
        ),
        END,
    )


class DescribeStruct(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 50
    API_VERSION = 0
    RESPONSE_TYPE = DescribeResponse
    SCHEMA = Schema(("users", CompactArray(("name", TEXT), END)), END)


class Describe(Request[DescribeStruct]):
    """Every user who has a password."""

    API_KEY = 50

    def build(self, request_struct_class: type[DescribeStruct]) -> DescribeStruct:
        return request_struct_class(None, {})


class AlterResponse(Response):
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(("user", TEXT), ("error_code", Int16), ("error_message", TEXT), END),
        ),
        END,
    )


class AlterStruct(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 51
    API_VERSION = 0
    RESPONSE_TYPE = AlterResponse
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", TEXT), ("mechanism", Int8), END)),
        (
            "upsertions",
            CompactArray(
                ("name", TEXT),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                END,
            ),
        ),
        END,
    )


class Alter(Request[AlterStruct]):
    """Give users passwords, and take users away: (name, mechanism) of each who goes."""

    API_KEY = 51

    def __init__(self, passwords: dict[str, str], gone: list[tuple[str, int]]) -> None:
        self._given: list[tuple[Any, ...]] = []
        for name, password in passwords.items():
            salt = secrets.token_bytes(32)
            salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ROUNDS)
            self._given.append((name, SHA_512, ROUNDS, salt, salted, {}))
        self._gone: list[tuple[Any, ...]] = [(*one, {}) for one in gone]

    def build(self, request_struct_class: type[AlterStruct]) -> AlterStruct:
        return request_struct_class(self._gone, self._given, {})
