"""docs/asyncapi.yaml: every topic, event and consumer group, as AsyncAPI 3.0."""

import json

import yaml

from deploy.docs import flow, system
from deploy.docs.examples import cloud_event
from deploy.docs.messages import binary, common, dead_letter, foreign, structured
from deploy.docs.shape import schema
from deploy.topics.declared import Topic, declared
from shared import __version__
from shared.events.event import Document, Event

BINDING = "0.5.0"  # of https://github.com/asyncapi/bindings/tree/master/kafka
ABOUT = """\
Events of Copse, communities of practice as services. They are CloudEvents 1.0, written in structured mode; where
other systems may publish, binary mode is read too. `docs/integrating.md` says how to publish and how to read.
Contracts only grow: ignore fields and types that you do not know.
"""


def document() -> Document:
    """The AsyncAPI document of the system as it is in this code."""
    schemas = {event.__name__: schema(event, "validation") for event in system.events().values()}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Copse events", "version": __version__, "description": ABOUT},
        "defaultContentType": "application/cloudevents+json",
        "channels": {topic.name: _channel(topic) for topic in declared(1)},
        "operations": dict(_operations()),
        "components": {"messages": _messages(), "schemas": common() | _lifted(schemas)},
    }


def page() -> str:
    """The document as YAML."""
    head = "# Generated from the contracts by `make flow`. Do not edit.\n"
    return head + yaml.dump(
        document(), Dumper=_Whole, sort_keys=False, allow_unicode=True, width=120
    )


class _Whole(yaml.SafeDumper):
    """Without anchors: some tools do not know them."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _channel(topic: Topic) -> Document:
    alive = topic.name.removesuffix(".dead")
    about = f"Key: {_key(alive)}. {system.kept(topic).capitalize()}."
    if topic.name != alive:
        about = f"Events of {alive} that a service could not work on, with the reason in headers `x-error-*`."
    settings = topic.settings
    configuration: Document = {"cleanup.policy": [settings["cleanup.policy"]]}
    configuration |= {
        name: int(settings[name])
        for name in ("retention.ms", "delete.retention.ms", "max.message.bytes")
        if name in settings
    }
    bound = {"topic": topic.name, "partitions": topic.partitions, "bindingVersion": BINDING}
    return {
        "address": topic.name,
        "description": about,
        "messages": {
            name: {"$ref": f"#/components/messages/{name}"} for name in _said_on(topic.name)
        },
        "bindings": {"kafka": bound | {"topicConfiguration": configuration}},
    }


def _key(topic: str) -> str:
    events = system.events_of(topic)
    return f"`{events[0].key_field}`" if events else "the event's `subject`"


def _said_on(topic: str) -> list[str]:
    if topic.endswith(".dead"):
        return ["DeadLetter"]
    names: list[str] = []
    for event in system.events_of(topic):
        names.append(event.__name__)
        if _from_outside(event):
            names.append(f"{event.__name__}.binary")
    return names or ["ForeignEvent", "ForeignEvent.binary"]


def _from_outside(event: type[Event]) -> bool:
    return system.publisher(event) == system.OUTSIDE


def _messages() -> Document:
    found: Document = {}
    for event in system.events().values():
        found[event.__name__] = structured(event, cloud_event(event))
        if _from_outside(event):
            found[f"{event.__name__}.binary"] = binary(event, cloud_event(event))
    return found | {
        "ForeignEvent": foreign("structured"),
        "ForeignEvent.binary": foreign("binary"),
        "DeadLetter": dead_letter(),
    }


def _operations() -> list[tuple[str, Document]]:
    """What each service publishes to and takes from each topic; others' part as a service's own."""
    found: list[tuple[str, Document]] = []
    for topic in system.topics():
        events = system.events_of(topic)
        for name in flow.publishers(topic):
            mine = [event.__name__ for event in events if system.publisher(event) == name]
            said = _said_on(topic) if name == system.OUTSIDE else mine
            who = name.replace(" ", "-")
            found.append((f"{who}.send.{topic}", _operation("send", topic, said, name)))
        for service in flow.listeners(topic):
            known = [event.__name__ for event in events if event.type in service.on.handlers]
            heard = _said_on(topic) if service.on.watchers else known
            operation = _operation("receive", topic, heard, service.name)
            group = {"type": "string", "enum": [service.on.group]}
            operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": BINDING}}
            found.append((f"{service.name}.receive.{topic}", operation))
    return found


def _operation(action: str, topic: str, names: list[str], who: str) -> Document:
    says = f"{who} {'publish' if who == system.OUTSIDE else 'publishes'} to {topic}."
    messages = [{"$ref": f"#/channels/{topic}/messages/{name}"} for name in names]
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic}"},
        "summary": says if action == "send" else f"{who} takes from {topic}.",
        "messages": messages,
    }


def _lifted(schemas: dict[str, Document]) -> Document:
    """Schemas side by side, the parts that several share among them."""
    found: Document = {}
    for name, one in schemas.items():
        parts: Document = one.pop("$defs", {})
        found |= {part: _pointing(schema) for part, schema in parts.items()}
        found[name] = _pointing(one)
    return dict(sorted(found.items()))


def _pointing(value: Document) -> Document:
    return json.loads(json.dumps(value).replace("#/$defs/", "#/components/schemas/"))
