"""A sample as a program: a function with source text that calls the primitive and returns a real number."""

from __future__ import annotations

import itertools
import linecache
from typing import Any

import numpy as np

from srcad.ir.nodes import Const, Var
from srcad.rules import Rule, Sample
from tests.rules.harness import is_container, is_float, random_like, tree_map

_numbers = itertools.count()
STEP = 1e-6


def has_float(x: Any) -> bool:
    return any(map(has_float, x)) if is_container(x) else is_float(x)


class Program:
    """A function of the arguments that carry derivatives; the others are constants of its text or globals.

    With `only`, it is a function of the one at that place among them.
    """

    def __init__(self, sample: Sample, rule: Rule, only: int | None = None) -> None:
        args, kwargs = sample.draw(2)
        self.sample = sample
        random = np.random.default_rng(5)
        result = sample.primitive(*args, **kwargs)
        space: dict[str, Any] = {"np": np, "P": sample.primitive, "W": random_like(result, random)}
        active = active_positions(rule, args, kwargs)
        active = active if only is None else active[only : only + 1]
        names = [f"a{k}" if k in active else constant(f"A{k}", x, space) for k, x in enumerate(args)]
        names += [f"{k}={constant(f'K_{k}', v, space)}" for k, v in kwargs.items()]
        text = (
            f"def f({', '.join(f'a{k}' for k in active)}):\n    r = P({', '.join(names)})\n"
            f"    return {self.weighted(result)}\n"
        )
        file = f"<sample {next(_numbers)}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(text, file, "exec"), space)
        self.function, self.args, self.text = space["f"], [args[k] for k in active], text

    @staticmethod
    def weighted(result: Any) -> str:
        """A real number from the result, every part with a weight of its own."""
        if is_container(result):
            parts = [f"r[{k}] * W[{k}]" for k, item in enumerate(result) if is_float(item)]
            return " + ".join(f"np.sum({part})" for part in parts)
        return "np.real(np.sum(r * W))" if np.iscomplexobj(result) else "np.sum(r * W)"

    def difference(self, dots: list[Any]) -> float:
        """The derivative in a direction, by central differences in double precision."""

        def at(t: float) -> Any:
            moved = (tree_map(lambda x, d: wide(x) + t * d, x, dot) for x, dot in zip(self.args, dots, strict=True))
            return self.function(*moved)

        # what rounds its result to single precision needs a larger step
        step = 1e-2 if self.sample.primitive in (np.float32, np.complex64) else STEP
        return float((at(step) - at(-step)) / (2 * step))


def active_positions(rule: Rule, args: list[Any], kwargs: dict[str, Any]) -> list[int]:
    """The positions of the positional arguments that carry derivatives."""
    places = [Var(f"a{k}") for k in range(len(args))]
    bound = rule.bind(places, [(k, Const(v)) for k, v in kwargs.items()])
    assert bound is not None
    atoms = [a for n in rule.wrt for a in (bound[n] if isinstance(bound[n], tuple) else (bound[n],))]
    return [k for k, place in enumerate(places) if place in atoms and has_float(args[k])]


def constant(name: str, value: Any, space: dict[str, Any]) -> str:
    """The text of a constant: a literal, or a global of this name."""
    if isinstance(value, (bool, int, float, str)):
        return repr(value)
    space[name] = value
    return name


def wide(x: Any) -> Any:
    return x.astype(np.result_type(x.dtype, np.float64)) if isinstance(x, np.ndarray) else x
