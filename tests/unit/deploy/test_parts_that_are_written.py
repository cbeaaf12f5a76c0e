"""Parts of files that `make flow` writes, and what each service's container says of itself."""

from pathlib import Path

import pytest

from deploy.docs import containers, system
from deploy.docs.containers import UnclearContainer
from deploy.docs.sections import around, filled
from deploy.local import services

TEXT = """\
by hand: 1
  # begin names: `make flow` writes this part
  old
  # end names
by hand: 2
"""


def test_a_part_is_written_as_far_in_as_its_comment_and_the_rest_stays() -> None:
    written = filled(TEXT, {"names": "a:\n  b\n"})
    assert written == TEXT.replace("  old\n", "  a:\n    b\n")
    assert filled(written, {"names": "a:\n  b\n"}) == written
    assert filled(written, {"names": ""}) == TEXT.replace("  old\n", "")
    assert around(written) == "by hand: 1\nby hand: 2\n"


def test_a_page_may_have_parts_in_its_own_kind_of_comment() -> None:
    page = "<!-- begin news: written -->\n<!-- end news -->\n"
    assert filled(page, {"news": "- one\n"}).splitlines()[1] == "- one"


@pytest.mark.parametrize("parts", [{}, {"names": "", "others": ""}, {"other": ""}])
def test_a_part_without_its_place_is_told(parts: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="places for them: names"):
        filled(TEXT, parts)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with two services, one of which is new."""
    for name in ("zoo", "art"):
        (tmp_path / "services" / name).mkdir(parents=True)
        (tmp_path / "services" / name / "app.py").touch()
    (tmp_path / "ports.yaml").write_text("# Whose.\nzoo: 8001\ngone: 8002\n")
    monkeypatch.setattr(services, "ROOT", tmp_path)
    monkeypatch.setattr(services, "PORTS", tmp_path / "ports.yaml")
    monkeypatch.setattr(system, "ROOT", tmp_path)
    return tmp_path


def test_a_new_service_comes_last_whatever_its_name(tree: Path) -> None:
    assert services.names() == ["zoo", "art"]
    assert services.usual_ports() == {"zoo": 8001, "art": 8002}
    assert containers.ports_page() == "# Whose.\nzoo: 8001\nart: 8002\n"
    (tree / "ports.yaml").write_text(containers.ports_page())
    (tree / "services" / "arc").mkdir()
    (tree / "services" / "arc" / "app.py").touch()
    assert services.usual_ports() == {"zoo": 8001, "art": 8002, "arc": 8003}


OWN = """\
# Not told to operators.
services:
  art:
    environment:
      # How many pictures.
      COPSE_PICTURES: ${COPSE_PICTURES:-3}
      COPSE_KEY:
      COPSE_FIXED: "1"
    volumes: ["pictures:/pictures"]
    mem_limit: 1g
volumes:
  pictures: {}
"""


def test_what_a_service_says_of_its_container_is_laid_over_what_all_have(tree: Path) -> None:
    (tree / "services/art/compose.yml").write_text(OWN)
    written = containers.FILES["docker-compose.yml"]
    every = containers.containers()
    block = written["services"](every).partition("\n\n")[2]
    assert block == (
        "art:\n"
        "  <<: *service\n"
        "  command: [python, -m, services.art.app]\n"
        '  volumes: ["art-secrets:/run/copse:ro", "pictures:/pictures"]\n'
        "  environment:\n"
        "    <<: *settings\n"
        "    COPSE_PUBLIC_URL: ${COPSE_URL_ART:-http://127.0.0.1:${COPSE_PORT_ART:-8002}}\n"
        "    COPSE_PICTURES: ${COPSE_PICTURES:-3}\n"
        "    COPSE_KEY: null\n"
        "    COPSE_FIXED: '1'\n"
        '  ports: ["127.0.0.1:${COPSE_PORT_ART:-8002}:8000"]\n'
        "  mem_limit: 1g\n"
    )
    assert written["volumes"](every) == "zoo-secrets:\nart-secrets:\npictures: {}\n"
    offered = containers.FILES["deploy/compose/env.example"]["settings"](every)
    assert offered == "# How many pictures.\n#COPSE_PICTURES=3\n#COPSE_KEY=\n"


@pytest.mark.parametrize("text", ["services: {zoo: {}}", "networks: {}", "["])
def test_a_service_speaks_of_its_own_container_alone(tree: Path, text: str) -> None:
    (tree / "services/art/compose.yml").write_text(text)
    with pytest.raises(UnclearContainer, match=r"services/art/compose\.yml"):
        containers.containers()
