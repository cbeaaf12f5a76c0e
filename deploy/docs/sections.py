"""Parts of files that are written by `make flow`, between two comments; everything around them is written by hand."""

import re
from collections.abc import Mapping
from textwrap import indent

PART = re.compile(
    r"^(?P<begin>(?P<margin> *)\S+ begin (?P<name>[a-z-]+)\b.*\n)(?P<text>(?:.*\n)*?)(?P<end> *\S+ end (?P=name)\b.*\n)",
    re.M,
)


def filled(text: str, parts: Mapping[str, str]) -> str:
    """The text with each part as it should be, set as far in as its comment is.

    ValueError where the text has other parts than these.
    """
    places = [place["name"] for place in PART.finditer(text)]
    if sorted(places) != sorted(parts):
        raise ValueError(
            f"parts to write: {', '.join(parts)}; places for them: {', '.join(places)}"
        )
    return PART.sub(
        lambda at: at["begin"] + indent(parts[at["name"]], at["margin"]) + at["end"], text
    )


def around(text: str) -> str:
    """What is written by hand."""
    return PART.sub("", text)
