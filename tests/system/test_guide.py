"""docs/integrating.md, block by block, as an outside developer would run it."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.state import ROOT
from deploy.local.tokens import mint
from tests.support.compose import SECURE, why_no_kcat
from tests.system.region import NOW, Region, fresh

GUIDE = (ROOT / "docs" / "integrating.md").read_text()
OURS = {  # what differs between an afternoon at a desk and this test
    "/example/training": f"/example/{fresh('training')}",
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)": NOW,
    "datetime.now(timezone.utc).isoformat()": repr(NOW),
}
OPEN = 'bootstrap_servers=os.environ["KAFKA"]'
SIGNING_IN = (  # as the guide says of a Kafka that asks who one is
    'security_protocol="SASL_PLAINTEXT", sasl_mechanism="SCRAM-SHA-512", '
    'sasl_plain_username="example", sasl_plain_password=os.environ["KAFKA_PASSWORD"]'
)


def blocks() -> Iterator[tuple[str, str]]:
    """Every block but the first, which sets the variables."""
    text = GUIDE
    for theirs, ours in OURS.items():
        assert theirs in text, f"the guide no longer says {theirs}"
        text = text.replace(theirs, ours)
    if SECURE:
        text = text.replace(OPEN, f"{OPEN}, {SIGNING_IN}")
    yield from re.findall(r"^```(sh|python)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[1:]


async def run(language: str, code: str, folder: Path, settings: dict[str, str]) -> str:
    shell = ["bash", "-euo", "pipefail", "-c", code]
    command = shell if language == "sh" else [sys.executable, "-c", code]
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=os.environ | settings,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        out, error = await process.communicate()
    assert process.returncode == 0, f"{code}\n{out.decode()}\n{error.decode()}"
    return out.decode()


@pytest.mark.timeout(180)
async def test_the_guide_does_what_it_says(region: Region, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed (apt-get install curl)")
    if reason := why_no_kcat():
        pytest.skip(reason)
    await region.now(NOW)
    ann = region.person("ann")
    community_id = await region.community(ann)
    await ann.gets("Welcome to")  # by now notifications knows the community
    settings = {
        "KAFKA": region.kafka,
        "NOTIFICATIONS": region.urls["notifications"],
        "OPERATOR_TOKEN": mint(region.keys, "op@example.org", scopes=["copse:operator"]),
        "KAFKA_PASSWORD": region.let_in["outside"].get("sasl_plain_password", ""),
        "COMMUNITY": community_id,
        "PERSON": ann.person_id,
    }
    said = [await run(language, code, tmp_path, settings) for language, code in blocks()]

    for subject in (
        "New guidance on lone working",  # kcat, binary
        "Your certificate is ready",  # kcat, structured
        "Places left in May",  # aiokafka
        "You completed Trauma-informed practice",  # a rule added live: the first one told nobody
    ):
        await ann.gets(subject)
    dead, letters, read, copied = said[-4:]
    assert "x-error-reason=data.audience: Field required" in dead
    assert '"reason":"data.audience: Field required"' in letters
    assert "copse.membership.MemberJoined.v1" in read
    assert f"{community_id} {ann.person_id}" in copied.splitlines()
