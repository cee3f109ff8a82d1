"""A branch with statements in it was written as a part of a sum, and its name read before it was bound."""

from tests.properties.fuzz import Way


def f(x, y):
    items = [max(y, 0.3), (0.3 if y > 0.2 else y)]
    return 0.5 * x + sum(items) * 0.3 + 0.5 * y


ARGS = (0.3, 0.7)
WAY = Way(mode="known", argnums=(0, 1))
