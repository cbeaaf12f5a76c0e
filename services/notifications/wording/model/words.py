"""How templates become words: sandboxed, strict about what is missing, in the reader's own time."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from jinja2 import StrictUndefined, Template, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from services.notifications.wording.model.facts import Guess
from services.notifications.wording.model.sandbox import Sandbox, bounded

FALLBACK_ZONE = "Europe/London"
_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def _nothing_for_none(value: object) -> object:
    return "" if value is None else value


def _environment(*, html: bool) -> Sandbox:
    environment = Sandbox(
        autoescape=html,
        undefined=StrictUndefined,
        finalize=_nothing_for_none,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters, known = (
        cast("dict[str, Any]", environment.filters),
        cast("dict[str, Any]", environment.globals),
    )
    filters["local"], known["when"] = _local, _when
    return environment


@lru_cache(maxsize=1024)
def compiled(source: str, *, html: bool = False) -> Template:
    """A template's code. jinja2.TemplateSyntaxError if it cannot be read."""
    return ENVIRONMENTS[html].from_string(source)


def words(source: str, context: Mapping[str, Any], *, html: bool = False) -> str:
    """A template filled in, without anything that could end a line or hide in it."""
    text = bounded(compiled(source, html=html).generate(context))
    return clean(text).strip()


def clean(text: str) -> str:
    """Without control characters; line ends are \\n."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def line(text: str) -> str:
    """One line of it, for a subject or a name: no header ever gets a second one."""
    return " ".join(clean(text).split())


def paragraphs(text: str) -> str:
    """Plain text as HTML: escaped, addresses to click on."""
    blocks = [block for block in re.split(r"\n\s*\n", text) if block.strip()]
    return "\n".join(f"<p>{_linked(block).replace(chr(10), '<br>')}</p>" for block in blocks)


def _linked(text: str) -> str:
    parts: list[str] = []
    end = 0
    for address in _ADDRESS.finditer(text):
        parts.append(str(escape(text[end : address.start()])))
        parts.append(str(Markup('<a href="{0}">{0}</a>').format(address.group())))
        end = address.end()
    return "".join([*parts, str(escape(text[end:]))])


def zone_of(person: object) -> ZoneInfo:
    """The zone a person lives in, as far as one knows."""
    name = cast("Mapping[str, Any]", person).get("zone") if isinstance(person, Mapping) else None
    try:
        return ZoneInfo(str(name))
    except (ValueError, LookupError, OSError):
        return ZoneInfo(FALLBACK_ZONE)


@pass_context
def _local(context: Context, moment: object) -> str:
    """`starts_at|local`: Tuesday 14 April 2026, 14:00 (Europe/London)."""
    if isinstance(moment, Guess):
        return str(moment)
    at = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    zone = zone_of(context.get("person"))
    local = at.astimezone(zone)
    return f"{_day(local)}, {local:%H:%M} ({zone.key})"


@pass_context
def _when(context: Context, meeting: object) -> str:
    """`when(meeting)`: Tuesday 14 April 2026, 14:00 to 15:00 (Europe/London)."""
    if isinstance(meeting, Guess):
        return str(meeting)
    zone = zone_of(context.get("person"))
    facts = cast("Mapping[str, Any]", meeting)
    starts, ends = (
        datetime.fromisoformat(str(facts[name])).astimezone(zone)
        for name in ("starts_at", "ends_at")
    )
    until = f"{ends:%H:%M}" if starts.date() == ends.date() else f"{_day(ends)}, {ends:%H:%M}"
    return f"{_day(starts)}, {starts:%H:%M} to {until} ({zone.key})"


def _day(at: datetime) -> str:
    return f"{at:%A} {at.day} {at:%B %Y}"


ENVIRONMENTS = {html: _environment(html=html) for html in (False, True)}
