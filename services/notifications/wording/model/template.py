"""Templates are versioned data: subject, text, HTML, and the one thing to do next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.meta import find_undeclared_variables
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.notifications.wording.model.facts import Facts, Guess
from services.notifications.wording.model.slug import Slug
from services.notifications.wording.model.words import (
    ENVIRONMENTS,
    compiled,
    line,
    paragraphs,
    words,
)
from shared.errors import Invalid

Source = Annotated[str, Field(min_length=1, max_length=20_000)]
Short = Annotated[str, Field(min_length=1, max_length=500)]
LONGEST_SUBJECT = 200
SCHEMES = ("https://", "http://", "mailto:", "tel:")


class UnknownVariable(Invalid):
    """A template names something that there is not."""


class UnusableTemplate(Invalid):
    """A template cannot be filled in."""


class Action(BaseModel):
    """The one thing to do next: what it is called, and where it is done. Both are templates."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Short
    url: Short


class Draft(BaseModel):
    """What a template says; Jinja2, sandboxed. HTML that is left out is made from the text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: Short
    text: Source
    html: Source | None = None
    action: Action
    more: str = Field(default="", max_length=20_000)
    """What the message's own page says besides."""

    def sources(self) -> dict[str, str]:
        """Every field that is a template, by its name."""
        optional = {"html": self.html, "more": self.more}
        return {
            "subject": self.subject,
            "text": self.text,
            "action.label": self.action.label,
            "action.url": self.action.url,
            **{name: source for name, source in optional.items() if source},
        }

    def check(self, samples: Mapping[str, Mapping[str, Any]]) -> None:
        """Raise UnknownVariable or UnusableTemplate unless every sample (by its name) fills it in."""
        for name, source in self.sources().items():
            try:
                tree = ENVIRONMENTS[name == "html"].parse(source)
                compiled(source, html=name == "html")
            except TemplateSyntaxError as error:
                problem = f"line {error.lineno}: {error.message}"
                raise UnusableTemplate(problem, field=name) from None
            for whose, sample in samples.items():
                if unknown := _unknown(tree, sample):
                    known = ", ".join(sorted(key for key in sample if not key.startswith("_")))
                    raise UnknownVariable(
                        f"`{'`, `'.join(sorted(unknown))}` is unknown to {whose}; known are {known}.",
                        field=name,
                        unknown=sorted(unknown),
                    )
        for whose, sample in samples.items():
            try:
                self.fill(sample)
            except UnknownVariable as error:
                raise UnknownVariable(f"{error.detail} (for {whose})", field="text") from None
            except UnusableTemplate:
                if not isinstance(sample.get("data"), Guess):  # nobody knows what stands there
                    raise

    def fill(self, context: Mapping[str, Any]) -> "Message":
        """The message for one recipient. UnknownVariable, UnusableTemplate if it cannot be."""
        try:
            text = words(self.text, context)
            label, url = words(self.action.label, context), words(self.action.url, context)
            subject = line(words(self.subject, context))[:LONGEST_SUBJECT]
            body = words(self.html, context, html=True) if self.html else paragraphs(text)
            more = words(self.more, context)
            return Message(subject, text, body, line(label), _address(line(url), context), more)
        except UndefinedError as error:
            raise UnknownVariable(str(error)) from None
        except (TemplateError, ValueError, TypeError, ArithmeticError, LookupError) as error:
            raise UnusableTemplate(f"{type(error).__name__}: {error}") from None


class Template(Draft):
    """A version of a template; version 0 came with the software."""

    template_id: Slug
    version: int = 0
    saved_at: AwareDatetime | None = None
    saved_by: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is told."""

    subject: str
    text: str
    html: str
    action_label: str
    action_url: str
    more: str = ""


def _address(url: str, context: Mapping[str, Any]) -> str:
    """Where a message leads; to itself, if what an event names is no address, but a script perhaps."""
    return url if url.lower().startswith(SCHEMES) else context["links"]["message"]


def _unknown(tree: nodes.Template, sample: Mapping[str, Any]) -> set[str]:
    """The names a template uses and a sample lacks; also in branches that the sample does not take."""
    optional = {_path(node) for node in _asked_about(tree)}
    names = find_undeclared_variables(tree) - set(ENVIRONMENTS[False].globals)
    unknown = {name for name in names if name not in sample and (name,) not in optional}
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        path = _path(node)
        if path and path[0] in sample and path[0] in names and not _covered(path, optional):
            unknown |= _missing(path, sample)
    return unknown


def _asked_about(tree: nodes.Template) -> Iterator[nodes.Node]:
    """What a template checks before it uses it: `… is defined`, `…|default("")`."""
    for test in tree.find_all(nodes.Test):
        if test.name in ("defined", "undefined"):
            yield test.node
    for filtered in tree.find_all(nodes.Filter):
        if filtered.name in ("default", "d") and filtered.node is not None:
            yield filtered.node


def _path(node: nodes.Node) -> tuple[str, ...] | None:
    """`data.kind` or `data["kind"]` as its names, if they are fixed."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr):
        before, name = _path(node.node), node.attr
    elif isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        before, name = _path(node.node), node.arg.value
    else:
        return None
    return (*before, name) if before and isinstance(name, str) else None


def _covered(path: tuple[str, ...], optional: set[tuple[str, ...] | None]) -> bool:
    return any(path[: n + 1] in optional for n in range(len(path)))


def _missing(path: tuple[str, ...], sample: Mapping[str, Any]) -> set[str]:
    value = sample[path[0]]
    for at, name in enumerate(path[1:], 2):
        if not isinstance(value, Facts):
            break  # what it is, the trial filling shows
        try:
            value = value.look_up(name)
        except KeyError:
            return {".".join(path[:at])}
    return set()
