"""The images that compose files and the Dockerfile name."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
FILES = [
    ROOT / "docker-compose.yml",
    *sorted((ROOT / "deploy").glob("compose*.yml")),
    *sorted((ROOT / "deploy/compose").glob("*.yml")),
]


def images() -> set[str]:
    """Every image of another's that is pulled: by the compose files, and to build our own."""
    composed = {
        container["image"]
        for file in FILES
        for container in yaml.safe_load(file.read_text())["services"].values()
        if "image" in container
    }
    built_on = re.findall(r"^FROM (\S+)", (ROOT / "deploy/Dockerfile").read_text(), re.M)
    return {image for image in {*composed, *built_on} if not image.startswith("copse:")}
