"""A service is found by its folder: in a copy of the tree one is added, checked and started, and nothing else is touched by hand.

What is written by hand stands in tests/support/fifth_service, beside the line for its topic.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
import yaml
from aiokafka import AIOKafkaProducer

from deploy.docs import system
from deploy.local import ports, services
from deploy.local.parts import Parts
from deploy.local.tokens import mint, person_id
from shared.contracts.membership import MemberJoined
from shared.events.cloudevents import Origin, write
from shared.events.event import new_id
from tests.kernel.world import everything_in, until

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        os.environ.get("COPSE_TEST_PARTS") == "compose", reason="containers hold the tree as it is"
    ),
]
NAME, TOPIC = "badges", "badges.holders"
BY_HAND = system.ROOT / "tests" / "support" / "fifth_service"
OURS = ("services", "shared", "deploy", "docs", "tests")
CHEAP = (
    "tests/unit/deploy",
    "tests/unit/local",
    "tests/unit/cli",
    "tests/contracts",
    "tests/test_architecture.py",
)
"""Of what `make check` runs, what looks at more than one service."""


def inside(tree: Path, *module: str, **environment: str) -> str:
    """What a module of the copy says; AssertionError where it fails."""
    return run_inside(tree, "python", "-m", *module, **environment)


def run_inside(tree: Path, command: str, *arguments: str, **environment: str) -> str:
    """The same of a command of the virtual environment."""
    done = subprocess.run(
        [Path(sys.executable).with_name(command), *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, (
        f"{command} {arguments}:\n{done.stdout[-6000:]}{done.stderr[-4000:]}"
    )
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with a fifth service, after `make flow`."""
    copy = tmp_path_factory.mktemp("fifth") / "copse"
    copy.mkdir()
    for file in system.ROOT.iterdir():
        if file.is_file():
            shutil.copy(file, copy)
    for folder in OURS:
        left_out = shutil.ignore_patterns("__pycache__", "*.pyc", ".hypothesis")
        shutil.copytree(system.ROOT / folder, copy / folder, ignore=left_out)
    (copy / ".venv").symlink_to(system.ROOT / ".venv")  # as the settings of the tools name it
    shutil.copytree(BY_HAND, copy, dirs_exist_ok=True)
    topics = copy / "deploy" / "topics.yaml"
    line = f"topics:\n  {TOPIC}: {{partitions: 1, keep: everything}}\n"
    topics.write_text(topics.read_text().replace("topics:\n", line, 1))
    inside(copy, "deploy.docs")
    return copy


def test_only_its_folder_and_its_contracts_are_written_by_hand() -> None:
    files = {str(file.relative_to(BY_HAND)) for file in BY_HAND.rglob("*.*") if file.is_file()}
    own = (f"services/{NAME}/", f"shared/contracts/{NAME}.py")
    assert all(file.startswith(own) for file in files if "__pycache__" not in file), files


def test_it_comes_last_and_moves_nobody(tree: Path) -> None:
    before = services.usual_ports()
    after: dict[str, int] = yaml.safe_load((tree / "deploy/ports.yaml").read_text())
    assert after == {**before, NAME: max(before.values()) + 1}
    assert [*after] == [*before, NAME]


def test_every_file_that_names_the_others_names_it(tree: Path) -> None:
    """Of what operators run and of what is drawn; the region alone speaks to whom it has something to say."""
    files = [
        file
        for place in (system.ROOT / "docker-compose.yml", *(system.ROOT / "deploy").rglob("*"))
        if (file := place.relative_to(system.ROOT)).parts[1:2] != ("region",)
        and place.is_file()
        and place.suffix != ".pyc"
    ]
    files += [Path("docs") / name for name in ("flow.md", "asyncapi.yaml", "CHANGELOG.md")]
    others = services.names()
    naming = [file for file in files if is_naming(system.ROOT / file, *others)]
    assert len(naming) > 8
    assert not [file for file in naming if not is_naming(tree / file, NAME)]
    assert "#COPSE_BADGE_WORD=newcomer\n" in (tree / "deploy/compose/env.example").read_text()


def is_naming(file: Path, *names: str) -> bool:
    text = file.read_text(errors="ignore").lower()
    return all(re.search(rf"(?<![a-z]){name}(?![a-z])", text) for name in names)


@pytest.mark.parametrize(
    "check",
    [
        ("python", "-m", "deploy.docs", "--check"),
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("yamllint", "--strict", "."),
        ("lint-imports",),
        ("pyright", f"services/{NAME}", f"shared/contracts/{NAME}.py"),
    ],
    ids=lambda check: check[0],
)
def test_what_make_lint_checks_holds(tree: Path, check: tuple[str, ...]) -> None:
    run_inside(tree, *check)


def test_the_tests_that_need_nothing_running_pass(tree: Path) -> None:
    told = inside(tree, "pytest", *CHEAP, "-p", "no:cacheprovider")
    assert "passed" in told or "100%" in told


def test_its_routes_are_asked_by_who_may_what_and_by_its_document(tree: Path) -> None:
    told = inside(tree, "pytest", "tests/authorisation", "tests/openapi", "-k", NAME, "-rp")
    passed = {line.partition("::")[2] for line in told.splitlines() if line[:6] == "PASSED"}
    assert f"test_everybody_gets_what_the_matrix_says[{NAME}-member]" in passed
    assert f"test_{NAME}" in passed


def test_a_route_that_its_matrix_leaves_out_is_named_with_what_to_do(tree: Path) -> None:
    matrix = tree / "services" / NAME / "authorisation.yaml"
    said = matrix.read_text()
    matrix.unlink()
    try:
        with pytest.raises(AssertionError, match=f"services/{NAME}/authorisation.yaml: say for"):
            inside(tree, "deploy.docs")
    finally:
        matrix.write_text(said)


async def test_it_starts_beside_the_others_and_an_event_flows_through_it(
    tree: Path, parts: Parts, tmp_path: Path
) -> None:
    ann, community = person_id("ann@example.org"), new_id()
    joined = MemberJoined(community_id=community, person_id=ann)
    await asyncio.to_thread(inside, tree, "deploy.topics", "apply", COPSE_KAFKA=parts.kafka)
    on = ports.free([NAME])[NAME]
    # The copy's code, wherever this process was started.
    at_home = {"PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}
    process = services.service(NAME, tmp_path, on, parts, at_home)
    try:
        await asyncio.to_thread(process.start)
        async with AIOKafkaProducer(bootstrap_servers=parts.kafka) as producer:
            record = write(joined, 1, Origin("/copse/membership"))
            await producer.send_and_wait(
                joined.topic, record["value"], joined.key.encode(), headers=record["headers"]
            )

        async def given() -> bool:
            records = await everything_in(TOPIC, parts.kafka)
            return any(community.encode() in one.value for one in records)

        await until(given, seconds=60)
        signed = {"authorization": f"Bearer {mint(tmp_path, 'ann@example.org')}"}
        async with httpx2.AsyncClient(base_url=services.address(on), headers=signed) as client:
            assert (await client.get("/readyz")).status_code == 200
            badge = await client.get("/people/me/badge")
            assert badge.json() == {"word": "newcomer", "community_id": community}
    finally:
        await asyncio.to_thread(process.stop)
