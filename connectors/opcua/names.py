"""What a server calls the numbers of its enumerations: by the variable itself or by its data type (OPC 10000-3 and 10000-8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from asyncua import ua

from connectors.opcua.calls import Calls, plain_value
from connectors.opcua.values import NO_NAMES, Names

_MOST_NAMES = 1000
_WHOLE_NUMBERS = frozenset({
    *range(ua.ObjectIds.Boolean, ua.ObjectIds.Float),
    ua.ObjectIds.BaseDataType, ua.ObjectIds.Number, ua.ObjectIds.Integer, ua.ObjectIds.UInteger,
})  # fmt: skip
_STRINGS, _VALUES, _TRUE, _FALSE = "EnumStrings", "EnumValues", "TrueState", "FalseState"
_OF_A_VARIABLE = (_STRINGS, _VALUES, _TRUE, _FALSE)
_OF_A_TYPE = (_STRINGS, _VALUES)


async def names_of(calls: Calls, nodes: Sequence[ua.NodeId]) -> list[Names]:
    """By node the names of its values, none where the server gives none.

    A variable's own names (MultiStateDiscreteType, MultiStateValueDiscreteType, TwoStateDiscreteType) go before those of its data type.
    """
    types = [plain_value(value) for value in await calls.read_attributes([(node, ua.AttributeIds.DataType) for node in nodes])]
    owners: dict[ua.NodeId, tuple[str, ...]] = {
        kind: _OF_A_TYPE for kind in types if isinstance(kind, ua.NodeId) and not _is_of_the_standard(kind)
    }
    owners |= {node: _OF_A_VARIABLE for node, kind in zip(nodes, types, strict=True) if _may_be_named(kind)}
    found = await _properties(calls, owners)
    defined = await _definitions(calls, [kind for kind, properties in owners.items() if properties == _OF_A_TYPE])
    return [
        _named(found.get(node, {})) or defined.get(kind, NO_NAMES) or _named(found.get(kind, {}))
        for node, kind in zip(nodes, types, strict=True)
    ]


def _is_of_the_standard(kind: ua.NodeId) -> bool:
    return kind.NamespaceIndex == 0 and isinstance(kind.Identifier, int) and kind.Identifier <= ua.ObjectIds.UInteger


def _may_be_named(kind: Any) -> bool:
    """Whether values of that type may be whole numbers."""
    return isinstance(kind, ua.NodeId) and (not _is_of_the_standard(kind) or kind.Identifier in _WHOLE_NUMBERS)


async def _properties(calls: Calls, owners: Mapping[ua.NodeId, tuple[str, ...]]) -> dict[ua.NodeId, dict[str, Any]]:
    wanted = [(owner, name) for owner, names in owners.items() for name in names]
    places = await calls.properties(wanted)
    there = [(one, node) for one, node in zip(wanted, places, strict=True) if node is not None]
    found: dict[ua.NodeId, dict[str, Any]] = {}
    for ((owner, name), _), value in zip(there, await calls.read([node for _, node in there]), strict=True):
        found.setdefault(owner, {})[name] = plain_value(value)
    return found


async def _definitions(calls: Calls, kinds: Sequence[ua.NodeId]) -> dict[ua.NodeId, Names]:
    values = await calls.read_attributes([(kind, ua.AttributeIds.DataTypeDefinition) for kind in kinds])
    definitions = {kind: plain_value(value) for kind, value in zip(kinds, values, strict=True)}
    return {
        kind: {int(field.Value): field.Name or _text(field.DisplayName) for field in (definition.Fields or ())[:_MOST_NAMES]}
        for kind, definition in definitions.items()
        if isinstance(definition, ua.EnumDefinition)
    }


def _named(properties: Mapping[str, Any]) -> Names:
    """Names out of the properties of a variable or a data type, whichever of them it has."""
    values, texts = properties.get(_VALUES), properties.get(_STRINGS)
    if isinstance(values, list):
        named = [(int(one.Value), _text(one.DisplayName)) for one in values[:_MOST_NAMES] if isinstance(one, ua.EnumValueType)]
    elif isinstance(texts, list):
        named = [(number, _text(one)) for number, one in enumerate(texts[:_MOST_NAMES])]
    else:
        named = [(1, _text(properties.get(_TRUE))), (0, _text(properties.get(_FALSE)))]
    return {number: text for number, text in named if text}


def _text(localized: object) -> str:
    return (localized.Text or "") if isinstance(localized, ua.LocalizedText) else ""
