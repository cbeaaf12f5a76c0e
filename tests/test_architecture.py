"""The folders keep the shape the architecture promises; each rule is also tried on a tree that breaks it."""

import importlib
import tomllib
from pathlib import Path

import pytest

from tests.support.architecture import (
    LINES,
    Check,
    at_home_anywhere,
    known_folders,
    named_after_what_they_do,
    no_cupboards,
    no_ignores,
    owners_model_alone_constructs,
    public_faces_in_tests,
    pure_rules,
    said_in_a_line,
    same_rooms,
    short_files,
)

ROOT = Path(__file__).parents[1]
CHECKS: list[Check] = [
    known_folders,
    same_rooms,
    said_in_a_line,
    short_files,
    no_cupboards,
    owners_model_alone_constructs,
    pure_rules,
    no_ignores,
    named_after_what_they_do,
    at_home_anywhere,
    public_faces_in_tests,
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_house_is_in_order(check: Check):
    found = [*check(ROOT)]
    assert not found, "\n".join(found)


BAD = {
    known_folders: {"lib/x.py": ""},
    same_rooms: {
        "services/a/app.py": "",
        "services/a/jobs.py": "",
        "services/a/more/x.py": "",
        "services/b/app.py": "",
        "services/b/api.py": "",  # beside slices
        "services/b/half/model/x.py": "",
        "services/b/half/app.py": "",
        "services/b/other/store.py": "",
    },
    said_in_a_line: {
        "services/a/__init__.py": '"""Two\nlines."""',
        "services/a/half/model.py": "",
    },
    short_files: {"services/a/app.py": "x = 1\n" * (LINES + 1)},
    no_cupboards: {"services/a/utils.py": "", "shared/common/x.py": ""},
    owners_model_alone_constructs: {
        "services/membership/api.py": "MemberJoined(community_id='c')",
        "services/scheduling/model/x.py": "contracts.MemberJoined.model_validate({})",
        "services/membership/half/api/x.py": "MemberJoined(community_id='c')",
        "services/scheduling/half/model/x.py": "MemberJoined(community_id='c')",
    },
    pure_rules: {
        "services/a/model.py": "import random\nfrom shared.types.clock import now\nat = now()",
        "services/a/model/x.py": "async def look(): ...",
        "services/b/half/model/x.py": "import time\nimport os",
    },
    no_ignores: {"services/a/api.py": "x = 1  # " + "type: ignore"},
    named_after_what_they_do: {"services/a/handlers.py": "async def handle_member_joined(): ..."},
    at_home_anywhere: {"docs/x.md": "see /" + "home/ann/copse"},
    public_faces_in_tests: {
        "tests/test_a.py": "assert consumer._positions == {}",
        "tests/test_b.py": "from shared.x import _y",
        "tests/test_c.py": "monkeypatch.setattr(Consumer, '_client', None)",
        "tests/test_d.py": "def own(self): return self.part._inner",
    },
}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_house_in_disorder_is_told(check: Check, tmp_path: Path):
    (tmp_path / "services/a").mkdir(parents=True)
    for name, text in BAD[check].items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert len([*check(tmp_path)]) >= len(BAD[check])


def test_a_service_may_be_made_of_slices_that_have_its_rooms_together(tmp_path: Path):
    sliced = {
        "app.py": "",
        "telling/__init__.py": '"""Who is told."""',
        "telling/handlers.py": "",
        "telling/model/x.py": "MemberJoined(community_id='c')",
        "inbox/__init__.py": '"""What people were told."""',
        "inbox/api.py": "",
        "inbox/store.py": "",
    }
    for name, text in {"__init__.py": '"""Sliced."""', **sliced}.items():
        file = tmp_path / "services/membership" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert not [sentence for check in CHECKS for sentence in check(tmp_path)]


def test_the_tools_stay_strict():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert tools["pyright"]["typeCheckingMode"] == "strict"
    assert {"services", "shared"} <= {*tools["pyright"]["include"]}
    assert {"ERA", "DTZ", "ASYNC", "T20", "C90", "D100"} <= {*tools["ruff"]["lint"]["select"]}
    assert "error" in tools["pytest"]["ini_options"]["filterwarnings"]
    assert tools["pytest"]["ini_options"]["xfail_strict"]
    assert tools["pytest"]["ini_options"]["timeout"]


@pytest.mark.parametrize(
    "tool", ["bench.__main__", "faults.__main__", "faults.apart", "bad_input.__main__"]
)
def test_what_no_test_runs_can_at_least_be_started(tool: str):
    """Measurements and long campaigns are started by people, and must not rot meanwhile."""
    importlib.import_module(f"tests.{tool}")
