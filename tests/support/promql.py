"""What a PromQL expression speaks of: metrics, the labels it asks for, and functions."""

import re
from dataclasses import dataclass, field

KEYWORDS = {"and", "or", "unless", "bool", "offset", "group_left", "group_right"}
GROUPING = re.compile(r"\b(by|without|on|ignoring)\s*\(([^()]*)\)")
MATCHER = re.compile(r'([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^{}]*\})?(\s*\()?")
RANGE = re.compile(r"\[(\d+[smhd]|\$__rate_interval)\]")


@dataclass
class Spoken:
    """`labels` of a metric are those its selector names; `grouped` those of by(), on() and the like."""

    labels: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    equal: set[tuple[str, str, str]] = field(default_factory=set[tuple[str, str, str]])
    grouped: set[str] = field(default_factory=set[str])
    functions: set[str] = field(default_factory=set[str])


def spoken(expr: str) -> Spoken:
    """Take an expression apart; ValueError where it cannot be one."""
    found = Spoken()
    quiet = re.sub(r'"[^"]*"', '""', expr)
    for opens, closes in ("()", "{}", "[]"):
        if quiet.count(opens) != quiet.count(closes):
            raise ValueError(f"{opens}{closes} do not match: {expr}")
    if len(RANGE.findall(expr)) != quiet.count("["):
        raise ValueError(f"a range is no time: {expr}")
    for _, names in GROUPING.findall(expr):
        found.grouped |= {name.strip() for name in names.split(",")}
    rest = RANGE.sub(" ", GROUPING.sub(" ", expr))
    for name, selector, call in SELECTOR.findall(rest):
        if name in KEYWORDS:
            continue
        if call:
            found.functions.add(name)
            continue
        matchers = MATCHER.findall(selector)
        left = MATCHER.sub("", selector).strip("{}, ")
        if left:
            raise ValueError(f"not a matcher: {left}")
        found.labels.setdefault(name, set()).update(label for label, _, _ in matchers)
        found.equal |= {(name, label, text) for label, how, text in matchers if how == "="}
    return found
