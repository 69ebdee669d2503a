"""A contract for every registered part."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pixray_motion.testing import Contract


def contract_classes(
    contract: type[Contract],
    ways: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    names: Sequence[str] | None = None,
) -> dict[str, type[Contract]]:
    """Test classes by their names, for all that is registered or ``names``; ``ways``: values to try, by name."""
    return {
        (label := _label(contract.registry.kind, name, values)): type(
            label, (contract,), {"name": name, "values": values}
        )
        for name in names or contract.registry.names()
        for values in (ways or {}).get(name, [{}])
    }


def _label(kind: str, name: str, values: Mapping[str, Any]) -> str:
    text = " ".join([kind, name.replace("/", " folder"), *map(str, values.values())])
    return "Test" + "".join(part.capitalize() for part in re.findall("[A-Za-z0-9]+", text))
