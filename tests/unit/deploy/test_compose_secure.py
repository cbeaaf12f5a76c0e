"""deploy/compose.secure.yml, and who may do what in its Kafka."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.compose import outside
from deploy.compose.outside import OPERATOR, BadFile, Guest, guests
from deploy.compose.rights import Kind, Operation, Right, of_a_guest, of_a_service, rights
from deploy.docs import system
from deploy.local.services import names

ROOT = Path(__file__).parents[3]
PLAIN: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
SECURE: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.secure.yml").read_text())[
    "services"
]
KAFKA: dict[str, str] = PLAIN["kafka"]["environment"] | SECURE["kafka"]["environment"]
SERVICES = {service.name: service for service in system.services()}


def may(user: str, operation: Operation, kind: Kind) -> set[str]:
    return {r.name for r in rights() if (r.user, r.operation, r.kind) == (user, operation, kind)}


@pytest.mark.parametrize("name", names())
def test_a_service_signs_in_under_its_own_name(name: str) -> None:
    assert SECURE[name]["environment"]["COPSE_KAFKA_USER"] == name


@pytest.mark.parametrize("name", names())
def test_a_service_publishes_nothing_that_belongs_to_another(name: str) -> None:
    own = {topic for topic in may(name, Operation.write, Kind.topic) if not topic.endswith(".dead")}
    assert {topic.split(".")[0] for topic in own} <= {name}
    spoken = {event.topic for event in system.events().values() if system.publisher(event) == name}
    assert own == spoken


@pytest.mark.parametrize("name", names())
def test_a_service_reads_what_it_handles_and_sets_aside_what_it_cannot(name: str) -> None:
    heard = SERVICES[name].on.topics
    assert may(name, Operation.read, Kind.topic) == heard
    assert may(name, Operation.read, Kind.group) == ({name} if heard else set())
    dead = {topic for topic in may(name, Operation.write, Kind.topic) if topic.endswith(".dead")}
    assert dead == {f"{topic}.dead" for topic in heard}


def test_who_reads_people_is_known() -> None:
    assert {r.user for r in rights() if r.name == "membership.people"} == {
        "membership",
        "notifications",
    }


def test_a_new_service_has_its_rights_by_its_handlers() -> None:
    scheduling = SERVICES["scheduling"]
    newcomer = system.Service("library", "", scheduling.app, scheduling.on, (), scheduling.settings)
    assert {right.name for right in of_a_service(newcomer)} == {
        "membership.communities",
        "membership.communities.dead",
        "scheduling",
    }


def test_only_the_operator_has_rights_by_a_star_and_none_to_give_away() -> None:
    stars = {right.user for right in rights() if right.name == "*"}
    assert stars == {OPERATOR}
    cluster = {right.operation for right in rights() if right.kind is Kind.cluster}
    assert cluster == {Operation.describe, Operation.describe_configs}


def test_another_system_may_what_the_file_says() -> None:
    guest = Guest(
        publishes=frozenset({"external.events"}), reads=frozenset({"scheduling.meetings"})
    )
    assert {*of_a_guest("intranet", guest)} == {
        Right("intranet", Operation.write, Kind.topic, "external.events"),
        Right("intranet", Operation.read, Kind.topic, "external.events.dead"),
        Right("intranet", Operation.read, Kind.topic, "scheduling.meetings"),
        Right("intranet", Operation.read, Kind.group, "intranet"),
        Right("intranet", Operation.read, Kind.group, "intranet-", prefix=True),
    }


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("membership: {reads: []}", "user of Copse itself"),
        ("operator: {reads: []}", "user of Copse itself"),
        ("intranet: {reads: [scheduling.meeting]}", "no topic scheduling.meeting"),
        ("intranet: {writes: [external.events]}", "writes"),
        ("In tra: {}", "string_pattern_mismatch"),
        ("[", "wrong"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "outside.yaml"
    file.write_text(text)
    with pytest.raises(BadFile, match=named):
        guests(file)


def test_nobody_outside_is_let_in_by_an_empty_file(tmp_path: Path) -> None:
    file = tmp_path / "outside.yaml"
    file.write_text("# nobody\n")
    assert guests(file) == {}
    assert outside.FILE.exists()


def test_whoever_comes_from_outside_kafkas_container_must_say_who_it_is() -> None:
    protocols = dict(
        one.split(":") for one in KAFKA["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    )
    for listener in KAFKA["KAFKA_LISTENERS"].split(","):
        name, address = listener.split("://")
        here = address.startswith("127.0.0.1:")
        assert protocols[name] == ("PLAINTEXT" if here else "SASL_PLAINTEXT"), listener
        jaas = f"KAFKA_LISTENER_NAME_{name}_SCRAM___SHA___512_SASL_JAAS_CONFIG"
        assert (jaas in KAFKA) is not here
    assert KAFKA["KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND"] == "false"
    assert KAFKA["KAFKA_SASL_ENABLED_MECHANISMS"] == "SCRAM-SHA-512"
    assert KAFKA["KAFKA_SUPER_USERS"] == "User:ANONYMOUS"  # who is nobody comes from inside


def test_the_job_that_gives_rights_is_as_locked_down_as_the_others() -> None:
    job, other = SECURE["acls"], PLAIN["topics"]
    for setting in ("image", "user", "read_only", "cap_drop", "security_opt", "logging", "restart"):
        assert job[setting] == other[setting], setting
    assert job["deploy"]["resources"]["limits"].keys() == {"memory", "cpus", "pids"}
    assert "acls" in SECURE["topics"]["depends_on"]  # services wait for topics, hence for rights
