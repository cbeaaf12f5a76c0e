"""python -m deploy.region: loads the region. Again and again, if you like: what is there is left as it is."""

import sys
from typing import Annotated

import httpx2
import typer

from deploy.region import TIMEOUT, minted
from deploy.region.announce import NotPublished
from deploy.region.client import Doors, RequestFailed
from deploy.region.data import BadRegion, read
from deploy.region.load import load

FAILED, WRONG_FILE = 1, 2  # exit codes


def main(
    kafka: Annotated[str, typer.Option(envvar="COPSE_KAFKA", help="Any broker's host:port.")],
    membership: Annotated[str, typer.Option(envvar="COPSE_URL_MEMBERSHIP")],
    scheduling: Annotated[str, typer.Option(envvar="COPSE_URL_SCHEDULING")],
    resources: Annotated[str, typer.Option(envvar="COPSE_URL_RESOURCES")],
    notifications: Annotated[str, typer.Option(envvar="COPSE_URL_NOTIFICATIONS")],
) -> None:
    """Load deploy/region through the services' public doors.

    Tokens are signed with the key in COPSE_STATE, which the services must trust.
    """
    urls = {
        "membership": membership,
        "scheduling": scheduling,
        "resources": resources,
        "notifications": notifications,
    }
    try:
        region = read()
        with httpx2.Client(timeout=TIMEOUT) as http:
            load(region, Doors(urls, minted, http), kafka, _tell)
    except BadRegion as faults:
        _tell(str(faults))
        raise typer.Exit(WRONG_FILE) from faults
    except (RequestFailed, NotPublished) as reason:
        _tell(f"{reason}\nThe region is loaded in part; the next run completes it.")
        raise typer.Exit(FAILED) from reason


def _tell(progress: str) -> None:
    sys.stderr.write(f"{progress}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    typer.run(main)
