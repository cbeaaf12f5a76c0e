"""The README's commands, block by block, as a newcomer would type them."""

import re
import shutil
from pathlib import Path

import pytest

from deploy.local.state import ROOT
from tests.system.region import Region
from tests.system.test_guide import run

README = (ROOT / "README.md").read_text()


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed (apt-get install curl)")
async def test_what_the_readme_says_to_try_works(region: Region, tmp_path: Path) -> None:
    ann, bob = region.person("ann"), region.person("bob")
    settings = {
        **{name.upper(): url for name, url in region.urls.items()},
        "ANN": f"Authorization: {ann.authorization}",
        "BOB": f"Authorization: {bob.authorization}",
    }
    variables, *blocks = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert "copse token" in variables
    # One shell for all, as at a desk: later blocks use what earlier ones set.
    await run("sh", "\n".join(blocks), tmp_path, settings)
    for person in (ann, bob):
        await person.gets("Welcome to")
        await person.gets("meets")
    await bob.gets("Ten ways to open a meeting")


def test_every_link_of_the_readme_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_every_make_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"\bmake ([a-z]+)\b", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
