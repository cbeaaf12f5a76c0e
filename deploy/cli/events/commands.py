"""copse events: tail reads CloudEvents from topics, publish puts some there."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.cli.events.publishing import checked, publish_all
from deploy.cli.events.tailing import Tail, tail_topics
from deploy.cli.terminal import Json, Wrong, answering, document, moment, say

app = typer.Typer(no_args_is_help=True, help="CloudEvents on the topics: read them, publish some.")


@app.command()
@answering
async def tail(
    topics: Annotated[
        list[str] | None,
        typer.Argument(help="Such as scheduling.meetings or scheduling.meetings.dead; else all."),
    ] = None,
    *,
    last: Annotated[int, typer.Option("--last", "-n", min=0, help="So many of the newest.")] = 10,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="All there are; per key in order.")
    ] = False,
    since: Annotated[str | None, typer.Option(help="From then on: 2h ago, or ISO 8601.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Then whatever comes.")] = False,
    type: Annotated[
        str | None, typer.Option(help="Only this: MeetingMoved, or a part of the type's name.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Only events of this key.")] = None,
    json: Json = False,
) -> None:
    """Show events, one a line; what is no event is shown with the reason. It may be personal data."""
    start = moment(since) if since else None
    await tail_topics(
        Tail(topics or [], last, from_beginning, start, follow, type, key), as_json=json
    )


@app.command()
@answering
async def publish(
    file: Annotated[
        str,
        typer.Argument(help="CloudEvents: one JSON a line, one document or a list; - is stdin."),
    ] = "-",
    topic: Annotated[
        str | None, typer.Option(help="Where to; for a type of the house its contract says.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether they are right.")
    ] = False,
    json: Json = False,
) -> None:
    """Publish CloudEvents. All are checked before the first is sent."""
    events = checked(_source(file), topic)
    places = [] if check else await publish_all(events)
    if json:
        return document({"events": len(events), "published": places})
    for place in places:
        say(place)
    if check:
        say(f"{len(events)} events are right.")
    return None


def _source(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text()
    except UnicodeDecodeError as error:
        raise Wrong(f"{file} is no UTF-8 text: {error}") from error
