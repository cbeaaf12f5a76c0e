"""What is drawn from the code is whole: every reference leads somewhere, every contract and handler is there."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy.docs import __main__ as command
from deploy.docs import asyncapi, containers, flow, messages, system
from shared.consuming import parked
from shared.events.event import Document

DOCUMENT = asyncapi.document()


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def follow(reference: str) -> Any:
    part: Any = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        part = part[name]
    return part


# AsyncAPI


def test_every_reference_leads_somewhere():
    found = list(references(DOCUMENT))
    assert len(found) > 100
    for reference in found:
        assert isinstance(follow(reference), dict), reference


def test_every_contract_is_a_message_of_its_topic():
    for event in system.events().values():
        message = DOCUMENT["components"]["messages"][event.__name__]
        assert message["name"] == event.type
        assert message["summary"]
        assert event.__name__ in DOCUMENT["channels"][event.topic]["messages"]
        assert event.__name__ in DOCUMENT["components"]["schemas"]


def test_every_topic_has_a_channel_and_its_dead_letters():
    topics = system.topics().keys()
    assert DOCUMENT["channels"].keys() == {*topics, *(f"{topic}.dead" for topic in topics)}


def test_every_service_receives_what_it_handles_with_its_group():
    for service in system.services():
        for topic in service.on.topics:
            operation = DOCUMENT["operations"][f"{service.name}.receive.{topic}"]
            group = operation["bindings"]["kafka"]["groupId"]
            assert group["enum"] == [service.on.group]
            assert operation["messages"], (
                f"{service.name} listens to {topic} and handles nothing of it"
            )


@pytest.mark.parametrize("name", DOCUMENT["components"]["messages"])
def test_an_example_is_what_its_schema_says(name: str):
    message = DOCUMENT["components"]["messages"][name]
    pointer = f"#/components/messages/{name}"
    for example in message.get("examples", []):
        for part in ("headers", "payload"):
            schema = {"$ref": f"{pointer}/{part}", "components": DOCUMENT["components"]}
            jsonschema.Draft202012Validator(schema).validate(example[part])


def test_a_broken_example_would_be_seen():
    name = "MemberJoined"
    schema = {"$ref": f"#/components/messages/{name}/payload", "components": DOCUMENT["components"]}
    payload: Document = DOCUMENT["components"]["messages"][name]["examples"][0]["payload"]
    for broken in (payload | {"data": {}}, payload | {"type": "x"}, {**payload, "id": 1}):
        assert list(jsonschema.Draft202012Validator(schema).iter_errors(broken))


def test_dead_letters_carry_the_headers_that_are_told_of():
    source = Path(parked.__file__).read_text()
    assert set(re.findall(r"x-error-[a-z-]+", source)) == messages.ERRORS.keys()


def test_the_yaml_says_what_the_document_says():
    assert yaml.safe_load(asyncapi.page()) == DOCUMENT


# the flow picture


def test_the_picture_shows_every_way_an_event_takes():
    picture = flow.picture()
    for service in system.services():
        for topic in service.on.topics:
            assert (
                f"    {topic.replace('.', '_').replace('-', '_')} --> in_{service.name}\n"
                in picture
            )
    for event in system.events().values():
        assert system.publisher(event), f"nobody publishes {event.__name__}"


def test_the_page_names_every_event_and_handler():
    page = flow.page()
    for event in system.events().values():
        assert f"| `{event.__name__}` |" in page
    for service in system.services():
        for names in service.on.wiring().values():
            assert all(name in page for name in names)
        assert all(f"`{chore.name}`" in page for chore in service.on.chores)


# staleness


def test_a_stale_page_is_named_with_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for name in ("docs/CHANGELOG.md", *containers.FILES):  # of these only parts are drawn
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(system.ROOT / name, tmp_path / name)
    (tmp_path / "services").symlink_to(system.ROOT / "services")
    monkeypatch.setattr(system, "ROOT", tmp_path)
    monkeypatch.setattr(command, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(command, "CONTRACTS", tmp_path)
    services = system.services()
    monkeypatch.setattr(system, "services", lambda: services)
    monkeypatch.setattr(asyncapi, "page", lambda: "the same each time, and slow to write\n")

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["docs", *arguments])
        return command.main()

    assert run("--check") == command.STALE
    assert not (tmp_path / "docs/flow.md").exists(), "a check writes nothing"
    assert run() == command.OK
    assert run("--check") == command.OK
    (tmp_path / "docs/flow.md").write_text("something else")
    compose = tmp_path / "docker-compose.yml"
    compose.write_text(compose.read_text().replace("services.resources.app", "services.other.app"))
    capsys.readouterr()
    assert run("--check") == command.STALE
    assert capsys.readouterr().err == (
        "docs/flow.md is stale: run `make flow`\ndocker-compose.yml is stale: run `make flow`\n"
    )


def test_openapi_documents_are_json_with_routes(tmp_path: Path):
    for service in system.services():
        document = json.loads(command.openapi.page(service))
        assert document["openapi"].startswith("3.1")
        assert len(document["paths"]) > 1
