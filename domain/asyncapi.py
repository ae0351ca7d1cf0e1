"""The topics as an AsyncAPI 3.0 document, for generators of code and for catalogues of a plant's interfaces.

In: `domain.topics` and an example of each.  Out: channels, messages with their JSON Schemas, and what another program may do there. It is
written from the other program's place, say a controller: it *receives* what Lastgang publishes and *sends* what Lastgang reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from domain.codec import encode, json_schema
from domain.topics import DECISIONS, FEEDBACK, MEASURES, ORDERS, PRICES, QUALITY, SHIFT_CHANGES, TOPICS, Topic

WRITTEN_BY_OTHERS = (ORDERS, SHIFT_CHANGES, PRICES, QUALITY, MEASURES, DECISIONS, FEEDBACK)
"""What another program may write; it may read everything."""
_BINDING = "0.5.0"
_INFO = {
    "title": "Lastgang",
    "version": "1.0.0",
    "description": "Topics of one plant: meters, quarter hours, forecasts, recommendations and the decisions on them. A field may be "
    "added, never renamed or given another unit; readers ignore what they do not know. The version is in the topic's name.",
    "license": {"name": "Apache-2.0"},
}
_SERVERS = {
    "broker": {
        "host": "{bootstrap}",
        "protocol": "kafka",
        "description": "The plant's broker. Topic names begin with the stack's namespace, where it has one.",
        "variables": {"bootstrap": {"default": "127.0.0.1:9092", "description": "Host and port; `lastgang status` names them."}},
    }
}


def short_name(topic: Topic) -> str:
    """``recommendations`` of ``energy.recommendations.v1``."""
    return topic.name.removeprefix("energy.").rpartition(".")[0]


def document(examples: Mapping[str, Any]) -> dict[str, Any]:
    """The document.

    Parameters
    ----------
    examples
        Topic name -> a record as it could be on it.
    """
    return {
        "asyncapi": "3.0.0",
        "info": _INFO,
        "defaultContentType": "application/json",
        "servers": _SERVERS,
        "channels": {short_name(topic): _channel(topic) for topic in TOPICS},
        "operations": {
            **{f"receive_{short_name(topic)}": _operation("receive", topic) for topic in TOPICS},
            **{f"send_{short_name(topic)}": _operation("send", topic) for topic in WRITTEN_BY_OTHERS},
        },
        "components": {
            "messages": {short_name(topic): _message(topic, examples[topic.name]) for topic in TOPICS},
            "schemas": _schemas(),
        },
    }


def document_text(examples: Mapping[str, Any]) -> str:
    """The document as YAML."""
    text: str = yaml.dump(document(examples), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)
    return f"# Written by `lastgang contracts` from the types in `domain/`.\n{text}"


class _Plain(yaml.SafeDumper):
    """Without anchors, which not every reader of AsyncAPI follows."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.says,
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": {short_name(topic): {"$ref": f"#/components/messages/{short_name(topic)}"}},
        "bindings": {"kafka": {"topicConfiguration": {"retention.ms": topic.retention_ms}, "bindingVersion": _BINDING}},
    }


def _operation(action: str, topic: Topic) -> dict[str, Any]:
    name = short_name(topic)
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
    }


def _message(topic: Topic, example: Any) -> dict[str, Any]:
    return {
        "name": topic.record.__name__,
        "title": topic.name,
        "summary": topic.says,
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{topic.record.__name__}"},
        "bindings": {"kafka": {"key": {"type": "string", "examples": [topic.key(example)]}, "bindingVersion": _BINDING}},
        "examples": [{"payload": json.loads(encode(example))}],
    }


def _schemas() -> dict[str, Any]:
    """Schemas of all records and of their parts, by the name of the type."""
    found: dict[str, Any] = {}
    for topic in TOPICS:
        schema = json_schema(topic.record)
        del schema["$schema"]
        parts = schema.pop("$defs", {})
        for name, part in {**parts, topic.record.__name__: schema}.items():
            here = _with_references_here(part)
            if found.setdefault(name, here) != here:
                msg = f"{topic.name}: two types are called {name}; give one of them another name"
                raise ValueError(msg)
    return dict(sorted(found.items()))


def _with_references_here(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_references_here(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value.replace("#/$defs/", "#/components/schemas/") if key == "$ref" else _with_references_here(value)
        for key, value in schema.items()
    }
