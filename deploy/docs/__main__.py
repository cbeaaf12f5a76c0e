"""`python -m deploy.docs`: write what is drawn from the code; `--check`: fail where it is stale."""

import argparse
import sys
from pathlib import Path

from deploy.docs import asyncapi, authorisation, changes, containers, flow, openapi, record, system

DOCS = system.ROOT / "docs"
CONTRACTS = system.ROOT / "tests" / "contracts"
RELEASED = CONTRACTS / "RELEASED"
OK, STALE, BROKEN = 0, 1, 3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.docs", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if anything is stale"
    )
    record_parser = parser.add_subparsers(dest="command").add_parser(
        "record", help="record the contracts alone"
    )
    record_parser.add_argument(
        "--all",
        action="store_true",
        help="forget the record and begin anew; before the first release",
    )
    asked = parser.parse_args()
    if asked.command == "record" and asked.all:
        if RELEASED.exists():
            return _say(
                BROKEN, f"Contracts are released ({_short(RELEASED)}): they only grow from now on."
            )
        record.forget(CONTRACTS)
    if faults := record.broken(CONTRACTS, system.events()):
        return _say(BROKEN, "Contracts only grow:", *(str(fault) for fault in faults))
    contracts = record.unrecorded(CONTRACTS, system.events())
    try:
        pages = contracts if asked.command else {**contracts, **stale()}
    except (authorisation.UnclearMatrix, containers.UnclearContainer) as error:
        return _say(BROKEN, str(error))
    if asked.check:
        return (
            _say(STALE, *(f"{_short(f)} is stale: run `make flow`" for f in pages)) if pages else OK
        )
    for file, text in pages.items():
        if file not in contracts:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    record.write(CONTRACTS, contracts)
    return _say(OK, *(f"wrote {_short(file)}" for file in pages))


def stale() -> dict[Path, str]:
    """Pages that are not as the code would have them, with what they should say."""
    wanted = {
        DOCS / "flow.md": flow.page(),
        DOCS / "asyncapi.yaml": asyncapi.page(),
        DOCS / "authorisation.md": authorisation.page(),
        DOCS / "CHANGELOG.md": changes.page(),
        **containers.pages(),
    }
    for service in system.services():
        wanted[DOCS / "openapi" / f"{service.name}.json"] = openapi.page(service)
    return {
        file: text for file, text in wanted.items() if not file.exists() or file.read_text() != text
    }


def _short(file: Path) -> str:
    return str(file.relative_to(system.ROOT))


def _say(code: int, *lines: str) -> int:
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    return code


if __name__ == "__main__":
    raise SystemExit(main())
