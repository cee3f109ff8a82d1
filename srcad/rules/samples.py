"""Sample inputs for templates: small tables that stand next to the formulas, and that one systematic test runs.

Every template module ends with::

    SAMPLES = [
        sample(np.sin, "x: (3,)"),
        sample(np.log, "x: (2, 3) positive"),
        sample(np.divide, "x1: (2, 3), x2: (3,) nonzero"),
        sample(np.sum, "a: (2, 3)", axis=0, keepdims=True),
        sample(np.matmul, "a: (4, 2, 3), b: (3, 5)"),
        sample(np.linalg.inv, "a: (2, 3, 3) regular"),
        sample(np.concatenate, "arrays: [(2, 3), (1, 3)]", axis=0),
        sample(np.where, "condition: (3,) bool, x: (3,), y: ()"),
        sample(np.reshape, "a: (2, 3), shape: =", (3, 2)),
        sample(math.hypot, "*coordinates: [float, float]"),
    ]

The description names the arguments of the call in order, each as ``name: shape words``:

- shape ``(2, 3)`` is an array, ``()`` a 0-d array, ``float`` a Python float, ``int`` a Python int, ``complex`` a Python
  complex; ``[..., ...]`` a list of such arguments, ``<..., ...>`` a tuple of them; ``=`` takes the next of the values
  given after the description.
- words: a domain, then possibly a dtype (``f4``, ``c16``, ``i8``, ``bool``; without one ``f8``) and ``keyword`` where
  the argument is to be passed by keyword. ``*name: [...]`` passes the items of a list one by one.
- domains (all away from their boundaries, and generic: no ties, no zeros): nothing means mixed signs, magnitudes 0.3 to
  2; ``positive`` 0.3 to 2; ``unit`` 0.1 to 0.9; ``ball`` -0.9 to 0.9; ``over1`` 1.2 to 3; ``nonzero`` is the default;
  ``fractional`` away from integers and half-integers; ``big`` 2 to 8; ``regular`` well-conditioned square matrices;
  ``symmetric`` symmetric ones with separate eigenvalues; ``spd`` symmetric positive definite;
  ``lower`` and ``upper`` triangular and well conditioned; ``index:N`` integers in [0, N).

Which arguments are differentiated is read from the rule: those of its `wrt` that are floating-point. Keyword arguments
after the description are passed on. `Sample.args` draws the values from a generator, the same for the same seed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from srcad.errors import RuleError
from srcad.ir.record import record
from srcad.rules import loading

_DTYPES = {"f4", "f8", "c8", "c16", "i4", "i8", "bool"}
_SCALARS: dict[str, Callable[[Any], Any]] = {"float": float, "int": int, "complex": complex}


@record(frozen=True)
class Argument:
    """One argument of a sample: an array, a scalar, a given value, or a list or tuple of arguments."""

    name: str = ""
    shape: tuple[int, ...] | None = None
    scalar: str = ""
    domain: str = ""
    dtype: str = "f8"
    keyword: bool = False
    star: bool = False
    items: tuple[Argument, ...] | None = None
    container: type = list
    given: bool = False
    value: Any = None

    def draw(self, random: np.random.Generator) -> Any:
        """A value for this argument."""
        if self.given:
            return self.value
        if self.items is not None:
            return self.container([item.draw(random) for item in self.items])
        if self.scalar:
            dtype = {"float": "f8", "int": "i8", "complex": "c16"}[self.scalar]
            return _SCALARS[self.scalar](_values(random, (), self.domain, dtype))
        assert self.shape is not None
        return _values(random, self.shape, self.domain, self.dtype)


@record(frozen=True)
class Sample:
    """A call of a primitive, its arguments drawn at random from stated shapes and domains."""

    primitive: Any
    description: str
    values: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()

    @cached_property
    def arguments(self) -> tuple[Argument, ...]:
        """What the description says."""
        given = iter(self.values)
        found = tuple(_argument(part, given, self.description) for part in _split(self.description))
        if next(given, None) is not None:
            raise RuleError(f"sample {self.description!r}: more values than '='")
        return found

    def draw(self, seed: int = 0) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments of the call."""
        random = np.random.default_rng(seed)
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for argument in self.arguments:
            value = argument.draw(random)
            if argument.star:
                args.extend(value)
            elif argument.keyword:
                kwargs[argument.name] = value
            else:
                args.append(value)
        return args, {**kwargs, **dict(self.kwargs)}

    def __str__(self) -> str:
        from srcad.rules.registry import primitive_name

        extra = "".join(f", {k}={v!r}" for k, v in self.kwargs)
        return f"{primitive_name(self.primitive)}({self.description}{extra})"


def sample(primitive: Any, description: str, *values: Any, **kwargs: Any) -> Sample:
    """A sample call; the module's docstring explains the description.

    Args:
        primitive: the function to call.
        description: names, shapes and domains of the arguments.
        values: what the ``=`` of the description stand for.
        kwargs: keyword arguments that are passed as they are.

    Raises:
        RuleError: if the description cannot be read.

    >>> args, kwargs = sample(np.add, "x1: (2, 3), x2: (3,) positive").draw()
    >>> [a.shape for a in args], bool((args[1] > 0).all()), kwargs
    ([(2, 3), (3,)], True, {})
    """
    made = Sample(primitive, description, values, tuple(kwargs.items()))
    if not loading.in_progress():  # those of srcad's own templates are read when somebody looks at them
        _ = made.arguments
    return made


def _split(text: str) -> Iterator[str]:
    """The parts between commas outside brackets."""
    depth, part = 0, ""
    for char in text:
        depth += (char in "([<") - (char in ")]>")
        if char == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += char
    if part.strip():
        yield part.strip()


def _argument(text: str, given: Iterator[Any], description: str) -> Argument:
    named = re.fullmatch(r"(\*?)(\w+):\s*(.*)", text, re.DOTALL)
    if named is None:
        raise RuleError(f"sample {description!r}: {text!r} is not 'name: shape words'")
    star, name, rest = named.groups()
    return _value(rest, given, description, name, bool(star))


def _value(text: str, given: Iterator[Any], description: str, name: str = "", star: bool = False) -> Argument:
    text = text.strip()
    shape = re.match(r"\([^()]*\)|\[.*\]|<.*>|=|\w+", text, re.DOTALL)
    if shape is None:
        raise RuleError(f"sample {description!r}: {text!r} does not begin with a shape")
    head, words = shape.group(), text[shape.end() :].split()
    keyword = "keyword" in words
    dtype = next((w for w in words if w in _DTYPES), "f8")
    domains = [w for w in words if w not in _DTYPES and w != "keyword"]
    if len(domains) > 1 or (domains and domains[0].partition(":")[0] not in _DOMAINS):
        raise RuleError(f"sample {description!r}: unknown words {' '.join(domains)!r}; domains: {', '.join(_DOMAINS)}")
    domain = domains[0] if domains else ""
    if head == "=":
        return Argument(name, given=True, value=_next(given, description), keyword=keyword, star=star)
    if head[0] in "[<":
        items = tuple(_value(part, given, description) for part in _split(head[1:-1]))
        return Argument(name, items=items, container=list if head[0] == "[" else tuple, keyword=keyword, star=star)
    if head in _SCALARS:
        return Argument(name, scalar=head, domain=domain, keyword=keyword, star=star)
    if head[0] != "(":
        raise RuleError(f"sample {description!r}: {head!r} is no shape")
    dims = tuple(int(d) for d in head[1:-1].split(",") if d.strip())
    return Argument(name, shape=dims, domain=domain, dtype=dtype, keyword=keyword, star=star)


def _next(given: Iterator[Any], description: str) -> Any:
    for value in given:
        return value
    raise RuleError(f"sample {description!r}: more '=' than values")


def _mixed(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return random.uniform(0.3, 2.0, shape) * random.choice([-1.0, 1.0], shape)


def _fractional(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return random.integers(-3, 4, shape) + random.choice([0.1, 0.6], shape) + random.uniform(0.0, 0.3, shape)


def _regular(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return random.uniform(-1.0, 1.0, shape) + shape[-1] * np.eye(shape[-2], shape[-1])


def _symmetric(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    a = random.uniform(-0.5, 0.5, shape)
    return a + np.swapaxes(a, -1, -2) + np.diag(np.arange(1.0, shape[-1] + 1.0) * 2.0)


def _spd(random: np.random.Generator, shape: tuple[int, ...]) -> Any:
    a = random.uniform(-1.0, 1.0, shape)
    return a @ np.swapaxes(a, -1, -2) + shape[-1] * np.eye(shape[-1])


_DOMAINS: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Any]] = {
    "": _mixed,
    "nonzero": _mixed,
    "positive": lambda random, shape: random.uniform(0.3, 2.0, shape),
    "unit": lambda random, shape: random.uniform(0.1, 0.9, shape),
    "ball": lambda random, shape: random.uniform(-0.9, 0.9, shape),
    "over1": lambda random, shape: random.uniform(1.2, 3.0, shape),
    "big": lambda random, shape: random.uniform(2.0, 8.0, shape),
    "fractional": _fractional,
    "regular": _regular,
    "symmetric": _symmetric,
    "spd": _spd,
    "lower": lambda random, shape: np.tril(_regular(random, shape)),
    "upper": lambda random, shape: np.triu(_regular(random, shape)),
    "index": lambda random, shape: random.integers(0, 4, shape),
}


def _values(random: np.random.Generator, shape: tuple[int, ...], domain: str, dtype: str) -> Any:
    """Random values of a shape in a domain; for integers, small ones of that sign."""
    name, _, size = domain.partition(":")
    if dtype == "bool":
        return random.random(shape) < 0.5
    if name == "index":
        return random.integers(0, int(size or 4), shape)
    values = _DOMAINS[name](random, shape)
    if dtype[0] == "i":
        return np.asarray(np.where(values < 0, np.floor(values), np.ceil(values)), dtype=dtype)
    if dtype[0] == "c":
        values = values + 1j * _mixed(random, shape) * (1.0 if name in ("", "nonzero") else 0.2)
    return np.asarray(values, dtype=dtype)
