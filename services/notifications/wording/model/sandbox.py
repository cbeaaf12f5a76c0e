"""Where templates are filled in: they reach nothing they are not given, and stay small and quick.

Operators write them, and one that takes all memory would take the service with it. So what can grow
is bounded before it grows, or not there: every loop is short, every text is.
"""

from collections.abc import Iterable, Sized
from typing import Any, cast

from jinja2 import TemplateSyntaxError, nodes, pass_eval_context
from jinja2.exceptions import SecurityError
from jinja2.filters import do_replace, make_attrgetter, sync_do_join
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.notifications.wording.model.facts import Facts

LONGEST = 200_000
"""Characters that a text may have, and every part of it."""
MOST = 1000
"""Turns of a loop, and pieces that are joined."""
LARGEST = 10**18
DEEPEST = 2
FEW = "few of"  # the name of a filter that nobody can write
GONE_FILTERS = (
    *("batch", "center", "filesizeformat", "format", "indent", "pprint", "round", "slice"),
    *("sum", "tojson", "urlize", "wordwrap", "xmlattr"),
)
GONE_NAMES = ("range", "lipsum", "cycler", "joiner", "namespace", "dict")
METHODS = (
    *("upper", "lower", "title", "capitalize", "strip", "lstrip", "rstrip", "split", "splitlines"),
    *("startswith", "endswith", "isoformat", "date", "time", "astimezone", "get", "count", "cycle"),
)
"""What may be called of a text, a time or a list; others, such as `ljust`, make texts of any size."""
TOO_LARGE = "this could make more than there is room for"
GONE_NODES: tuple[type[nodes.Node], ...] = (
    *(nodes.Macro, nodes.CallBlock, nodes.FilterBlock, nodes.AssignBlock, nodes.Block),
    *(nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport, nodes.Concat),
)


class Sandbox(ImmutableSandboxedEnvironment):
    """`data.items` is what the event calls items, never a method of Python's."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        filters = cast("dict[str, Any]", self.filters)
        for name in GONE_FILTERS:
            del filters[name]
        filters |= {"join": _join, "replace": _replace, FEW: _few}
        for name in GONE_NAMES:
            self.globals.pop(name, None)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        """The tree of a template; TemplateSyntaxError also if it holds what can grow without end."""
        tree = super()._parse(source, name, filename)
        for node in tree.find_all(GONE_NODES):
            raise TemplateSyntaxError(f"{_called(node)} cannot be used here", node.lineno)
        for literal in tree.find_all((nodes.List, nodes.Tuple, nodes.Dict)):
            if any(name.ctx == "load" for name in literal.find_all(nodes.Name)):
                raise TemplateSyntaxError("a list may hold constants only", literal.lineno)
        self._shorten(tree, 0)
        return tree

    def _shorten(self, node: nodes.Node, depth: int) -> None:
        """Let every loop have few turns, and be no deeper than two."""
        for child in node.iter_child_nodes():
            inner = depth
            if isinstance(child, nodes.For):
                inner += 1
                if inner > DEEPEST or child.recursive:
                    raise TemplateSyntaxError(f"loops may be {DEEPEST} deep", child.lineno)
                around = {"lineno": child.lineno, "environment": self}
                child.iter = nodes.Filter(child.iter, FEW, [], [], None, None, **around)
            self._shorten(child, inner)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            _fits(len(left) + len(right))
        elif operator == "**" or any(_grows(operand) for operand in (left, right)):
            raise SecurityError(f"{operator}: {TOO_LARGE}")
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> None:
        """No `format` at all: it pads to any width."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        named = attr in METHODS or not callable(value)
        return named and super().is_safe_attribute(obj, attr, value)

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Facts):
            try:
                return obj.look_up(attribute)
            except KeyError:
                return self.undefined(f"{obj.called}.{attribute} is unknown")
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Facts) and isinstance(argument, str):
            return self.getattr(obj, argument)
        return super().getitem(obj, argument)


def bounded(pieces: Iterable[str]) -> str:
    """The text of these pieces. SecurityError as soon as it is too long."""
    kept: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece)
        _fits(length)
        kept.append(piece)
    return "".join(kept)


def _called(node: nodes.Node) -> str:
    return "~" if isinstance(node, nodes.Concat) else type(node).__name__.lower()


def _fits(length: int) -> None:
    if length > LONGEST:
        raise SecurityError(TOO_LARGE)


def _grows(operand: object) -> bool:
    """Whether reckoning with it may make something large: it is a number that is, or no number."""
    if isinstance(operand, int):
        return abs(operand) > LARGEST
    return isinstance(operand, Sized) and not isinstance(operand, Undefined)


def _few(items: Iterable[Any]) -> list[Any]:
    """What a loop goes through. SecurityError if that is much."""
    listed: list[Any] = []
    for item in items:
        if len(listed) >= MOST:
            raise SecurityError(f"a loop may have {MOST} turns")
        listed.append(item)
    return listed


@pass_eval_context
def _join(
    around: EvalContext, value: Iterable[Any], d: str = "", attribute: str | int | None = None
) -> str:
    pieces = _few(value)
    if attribute is not None:
        pieces = [*map(make_attrgetter(around.environment, attribute), pieces)]
    _fits(sum(len(str(piece)) for piece in pieces) + len(str(d)) * len(pieces))
    return sync_do_join(around, pieces, d)


@pass_eval_context
def _replace(around: EvalContext, s: str, old: str, new: str, count: int | None = None) -> str:
    _fits(
        len(str(s)) * 6 + str(s).count(str(old)) * len(str(new))
    )  # escaped, it is 6 times as long
    return do_replace(around, s, old, new, count)
