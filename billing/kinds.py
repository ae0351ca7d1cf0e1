"""All kinds of component that a tariff file may have, collected from `components/`: each file there is one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from billing import components
from billing.component import Component


def _kinds() -> Iterator[type[Component]]:
    for found in iter_modules(components.__path__, f"{components.__name__}."):
        for one in vars(import_module(found.name)).values():
            if isinstance(one, type) and issubclass(one, Component) and one.__module__ == found.name:
                yield one


COMPONENTS: tuple[type[Component], ...] = tuple(sorted(_kinds(), key=lambda kind: (kind.bill_order, kind.kind)))
"""In the order in which they are read and billed."""
