"""docker-compose.yml as an operator may trust it to be."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.services import names
from tests.support.images import images

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text()
CONTAINERS: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
OURS = [name for name, one in CONTAINERS.items() if one["image"].startswith("copse:")]
OFFERED = re.findall(
    r"^#(COPSE_\w+)=(.*)$", (ROOT / "deploy/compose/env.example").read_text(), re.M
)
USED = dict(re.findall(r"\$\{(COPSE_\w+):-((?:[^{}]|\$\{[^{}]*\})*)\}", TEXT))
each = pytest.mark.parametrize("name", CONTAINERS)


def test_every_service_has_its_container() -> None:
    assert set(names()) <= set(OURS)


@each
def test_a_container_has_no_rights_and_bounds(name: str) -> None:
    one = CONTAINERS[name]
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["deploy"]["resources"]["limits"].keys() == {"memory", "cpus", "pids"}
    assert one["logging"]["options"].keys() == {"max-size", "max-file"}


@each
def test_a_container_writes_nowhere_but_its_volumes(name: str) -> None:
    # Kafka's image writes its configuration below /opt/kafka when it starts.
    assert CONTAINERS[name].get("read_only", False) or name == "kafka"


@each
def test_nobody_is_root(name: str) -> None:
    # Kafka's image names its own user.
    user = CONTAINERS[name].get("user", "")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user) or name == "kafka"


@each
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in CONTAINERS[name].get("ports", []))


@pytest.mark.parametrize("name", names())
def test_a_service_is_given_the_time_it_asks_for_to_end(name: str) -> None:
    one = CONTAINERS[name]
    asked = float(one["environment"]["COPSE_GRACE_SECONDS"])
    assert float(one["stop_grace_period"].removesuffix("s")) > 2 * asked
    assert one["restart"] == "unless-stopped"
    assert one["healthcheck"]


def test_no_service_sees_the_key_that_signs() -> None:
    holders = {
        name for name, one in CONTAINERS.items() if "signing-key" in str(one.get("volumes", []))
    }
    assert holders == {"keys", "copse"}  # copse mints tokens, for whoever may start containers


@pytest.mark.parametrize("name", [*names(), "mongo"])
def test_a_container_sees_its_own_secrets_alone(name: str) -> None:
    volumes = [one for one in CONTAINERS[name]["volumes"] if "secrets" in one]
    assert volumes == [f"{name}-secrets:/run/copse:ro"]
    assert f"{name}-secrets:/run/holders/{name}" in CONTAINERS["keys"]["volumes"]


def test_everybodys_secrets_are_for_one_shot_jobs() -> None:
    holders = {name for name, one in CONTAINERS.items() if "secrets:/run/copse" in shown(one)}
    assert holders == {"keys", "replica-set"}
    assert all(CONTAINERS[name]["restart"] == "no" for name in holders)


def shown(one: dict[str, Any]) -> set[str]:
    """The volumes of a container, whether it may write there or not."""
    return {volume.removesuffix(":ro") for volume in one.get("volumes", [])}


def test_the_tool_of_operators_starts_when_asked_alone() -> None:
    assert CONTAINERS["copse"]["profiles"] == ["tools"]
    assert all("profiles" not in one for name, one in CONTAINERS.items() if name != "copse")


def test_the_example_offers_every_setting_with_its_default() -> None:
    defaults = {
        name: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", default)
        for name, default in USED.items()
        if name != "COPSE_VERSION"
    }
    offered = dict(OFFERED)
    assert offered.pop("COPSE_SMTP_USER") == ""
    assert offered.pop("COPSE_JWKS").startswith("https://")
    assert defaults.pop("COPSE_JWKS") == "/run/copse/jwks.json"
    assert offered == defaults


def test_a_second_installation_for_tests_has_ports_of_its_own() -> None:
    lines = (ROOT / "deploy/compose/test.env").read_text().splitlines()
    told = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    for name, default in USED.items():
        if name.startswith("COPSE_PORT_"):
            assert told[name] != default


@pytest.mark.parametrize("image", sorted(images()))
def test_an_image_is_pinned_by_a_tag_that_names_a_version(image: str) -> None:
    """`latest`, or no tag at all, would be another program tomorrow."""
    _, colon, tag = image.rpartition(":")
    assert colon
    assert re.match(r"v?\d+\.\d+", tag), f"{image}: name a version"
