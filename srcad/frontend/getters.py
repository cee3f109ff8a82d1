"""What ``operator.itemgetter``, ``attrgetter`` and ``methodcaller`` make, as a function of all arguments at once."""

from __future__ import annotations

import operator
from typing import Any


def item_of(*args: Any) -> Any:
    """What ``operator.itemgetter(*args[:-1])`` gives for ``args[-1]``."""
    return operator.itemgetter(*args[:-1])(args[-1])


def attribute_of(*args: Any) -> Any:
    """What ``operator.attrgetter(*args[:-1])`` gives for ``args[-1]``."""
    return operator.attrgetter(*args[:-1])(args[-1])


def method_of(*args: Any, **kwargs: Any) -> Any:
    """What ``operator.methodcaller(*args[:-1], **kwargs)`` gives for ``args[-1]``."""
    return operator.methodcaller(*args[:-1], **kwargs)(args[-1])


GETTERS: dict[Any, Any] = {
    operator.itemgetter: item_of,
    operator.attrgetter: attribute_of,
    operator.methodcaller: method_of,
}

MAKERS: dict[Any, Any] = {function: maker for maker, function in GETTERS.items()}
"""The way back: a getter that becomes a value of the program is made as the program makes it."""
