"""What maintainers and contributors read is held to what there is."""

import json
import re
import tomllib
from datetime import date
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.docs import asyncapi, changes, system
from shared import __version__
from tests.support.images import images

ROOT = system.ROOT
DOCS = ROOT / "docs"
BY_HAND = [DOCS / f"{name}.md" for name in ("CONTRIBUTING", "SECURITY", "glossary", "third-party")]
CHANGELOG = (DOCS / "CHANGELOG.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
each = pytest.mark.parametrize("page", BY_HAND, ids=lambda page: page.stem)


def anchors(page: Path) -> set[str]:
    """What a link into a page may name: its headings, as they are shown on the web."""
    titles = re.findall(r"^#+ (.*)", page.read_text(), re.M)
    plain = (re.sub(r"[^\w\- ]", "", title.lower()) for title in titles)
    return {title.replace(" ", "-") for title in plain}


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))], ids=lambda page: page.name
)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"`[^`\n]*`", "", page.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://")):
            continue
        name, _, anchor = target.partition("#")
        there = page.parent / name if name else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@each
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    for name in re.findall(r"`((?:tests|deploy|docs|shared|services)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), f"{name} is gone"
    tests = "".join(file.read_text() for file in (ROOT / "tests").rglob("test_*.py"))
    for name in re.findall(r"`(test_\w+)`", text):
        assert f"def {name}(" in tests, f"there is no {name}"
    for target in re.findall(r"`make ([a-z]+)", text):
        assert re.search(rf"^{target}:", MAKEFILE, re.M), f"there is no make {target}"


def test_the_glossary_is_in_order_and_says_of_each_word_where_it_lives() -> None:
    rows = re.findall(
        r"^\| ([^|]+) \| (people|kernel) \| ([^|]+) \| `([\w./-]+)` \|$",
        (DOCS / "glossary.md").read_text(),
        re.M,
    )
    lines = [line for line in (DOCS / "glossary.md").read_text().splitlines() if line[:1] == "|"]
    assert len(rows) == len(lines) - 2, "a row is not: word, people or kernel, meaning, `place`"
    words = [word.lower() for word, *_ in rows]
    assert words == sorted({*words}, key=lambda word: word.replace("-", " "))


# CHANGELOG.md


def test_the_changelog_tells_of_every_event_and_setting() -> None:
    told = {*re.findall(r"`(\w+)`", CHANGELOG)}
    settings = {name for names in changes.settings().values() for name in names}
    missing = {event.__name__ for event in system.events().values()} | settings
    assert "COPSE_FILE_LIMIT" in missing
    assert not missing - told, f"run `make flow`; docs/CHANGELOG.md lacks {sorted(missing - told)}"


def test_the_changelog_begins_with_what_is_not_released_and_goes_back_in_time() -> None:
    titles = re.findall(r"^## (.*)", CHANGELOG, re.M)
    assert titles[0] == "[Unreleased]"
    released = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - (\S+)", title) for title in titles[1:]]
    versions = [(*map(int, found.groups()[:3]),) for found in released if found]
    days = [date.fromisoformat(found[4]) for found in released if found]
    assert len(versions) == len(titles) - 1
    assert versions == sorted(versions, reverse=True)
    assert days == sorted(days, reverse=True)
    assert __version__ == ".".join(map(str, versions[0]))


# One version, one licence


def test_there_is_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert asyncapi.document()["info"]["version"] == __version__
    for service in system.services():
        document = json.loads((DOCS / "openapi" / f"{service.name}.json").read_text())
        assert document["info"]["version"] == __version__


def test_the_licence_is_what_the_project_says_and_goes_along_in_the_image() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [file] = project["license-files"]
    assert (ROOT / file).read_text().startswith(f"{project['license']} License")
    assert f"\n!{file}\n" in (ROOT / ".dockerignore").read_text()
    assert f"\nCOPY {file} " in (ROOT / "deploy/Dockerfile").read_text()


# third-party.md

THIRD_PARTY = (DOCS / "third-party.md").read_text()
PERMISSIVE = re.compile(r"\b(MIT|BSD|ISC|Apache|PSF|Unlicense|MPL)\b|Python Software Foundation")


def test_every_file_that_is_no_text_is_told_of() -> None:
    files = [file for top in (ROOT / "deploy", DOCS) for file in top.rglob("*") if file.is_file()]
    binary = [file for file in files if file.suffix != ".pyc" and b"\0" in file.read_bytes()]
    assert binary
    for file in binary:
        assert f"`{file.relative_to(ROOT)}`" in THIRD_PARTY


def test_every_image_is_told_of() -> None:
    for image in images():
        assert f"`{image.partition(':')[0]}`" in THIRD_PARTY


def test_no_package_of_the_image_has_a_licence_that_binds_us() -> None:
    """GPL and its like; what is not installed here is for other systems."""
    names = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.M)
    assert len(names) > 40
    for name in names:
        try:
            told = metadata(name)
        except PackageNotFoundError:
            continue
        classifiers = [line for line in told.get_all("Classifier") or [] if "License" in line]
        said = " ".join([told.get("License-Expression") or told.get("License") or "", *classifiers])
        assert PERMISSIVE.search(said), f"{name}: {said}"
        assert "GPL" not in said, f"{name}: {said}"


# .pre-commit-config.yaml


def test_the_hooks_check_what_make_lint_checks_and_fetch_nothing() -> None:
    read: Any = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    [local] = read["repos"]
    assert local["repo"] == "local"
    assert all(hook["language"] == "system" for hook in local["hooks"])
    lint = MAKEFILE.partition("\nlint:")[2].partition("\n\n")[0]
    checked = re.findall(
        r"^\t(?:\$\(RUN\) |\.venv/bin/)([\w.-]+(?: (?:format|check))?)", lint, re.M
    )
    called = " ".join(hook["entry"] for hook in local["hooks"])
    assert len(checked) == len(local["hooks"])
    assert all(tool in called for tool in checked)
