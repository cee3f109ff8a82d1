"""Checking a gradient: along coordinates and random directions against finite differences, and against forward mode.

Besides the numbers it holds the derivative to its contract: the value is bit for bit the function's, a gradient
mirrors its argument (containers, shape, dtype), shares no memory with it, and the arguments are left as they were.

The directions are random and of the size of each element, so that one wrong element shows. A comparison along a leaf
passes within 20 times the error that the finite differences estimate of themselves plus ``sqrt(eps)`` of the sum of
|gradient * direction|; forward and reverse must agree to ``eps ** 0.6`` of that sum, for they differ only in the order
of roundings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcad.checking.differences import differentiate
from srcad.checking.leaves import CONTAINERS, children, copied, differences, is_leaf, leaves, rebuild, same_bits
from srcad.checking.report import CheckReport, Comparison, Verdict
from srcad.errors import ArgumentError

Direction = dict[str, Any]

_COORDINATES = 8  # leaves of at most this many elements are checked element by element


def check_derivatives(
    f: Callable[..., Any],
    args: Sequence[Any],
    *,
    value_and_grad: Callable[..., tuple[Any, Any]],
    jvp: Callable[[tuple[Any, ...], tuple[Any, ...]], tuple[Any, Any]] | None = None,
    argnums: int | tuple[int, ...] | None = 0,
    names: Sequence[str] | None = None,
    directions: int = 3,
    seed: int = 0,
) -> CheckReport:
    """Compares a gradient of `f` at `args` with finite differences, and forward mode with reverse mode.

    Functions that draw random numbers must draw them from a generator that is an argument.

    Args:
        f: the function; positional arguments, a real scalar as result.
        args: where to check. Containers and objects are looked into; nothing in them is changed.
        value_and_grad: called with `args`, gives the value and the gradient of one argument or a tuple of gradients.
        jvp: called with all arguments and as many tangents (None where an argument holds nothing that is float), gives
            the value and its tangent. None to check reverse mode only.
        argnums: which arguments the gradient is for: an int (one gradient), a tuple, or None for a tuple of all that
            hold floats.
        names: what to call the arguments in the report.
        directions: how many random directions for each larger leaf, and for forward against reverse.
        seed: of the random directions.

    Returns:
        A report: true if everything agreed, and readable when printed.

    >>> import numpy as np
    >>> bool(check_derivatives(lambda x: np.sum(x**2), [np.ones(3)], value_and_grad=lambda x: (np.sum(x**2), 2 * x)))
    True
    >>> print(check_derivatives(lambda x: x**3, [2.0], value_and_grad=lambda x: (x**3, 3.0 * x)))
    wrong    reverse mode along x0: 12, finite differences: 24 (tolerance ...)
    FAILED: 0 of 1 directional derivatives agree (tolerances up to 0.0e+00, seed 0)
    """
    args = tuple(args)
    names = tuple(names) if names is not None else tuple(f"x{i}" for i in range(len(args)))
    chosen = _chosen(args, argnums)
    points = {p: leaf for i in chosen for p, leaf in leaves(args[i], names[i]).items()}
    if not any(np.size(leaf) for leaf in points.values()):
        raise ArgumentError(
            f"nothing to check: {', '.join(names[i] for i in chosen) or 'no argument'} holds no float",
            why="only floating-point numbers have a derivative",
            remedy="pass floats or float arrays, or choose other arguments",
        )
    value = f(*copied(args))
    given = copied(args)
    got_value, gradient = value_and_grad(*given)
    gradients = (gradient,) if isinstance(argnums, int) else tuple(gradient)
    chosen_gradients = list(zip([names[i] for i in chosen], [args[i] for i in chosen], gradients, strict=True))
    problems = _contract_problems(names, args, given, chosen_gradients)
    if not same_bits(value, got_value):
        problems.append(f"the value is {got_value!r}, but the function returned {value!r}")
    found = {p: leaf for name, _, grad in chosen_gradients for p, leaf in leaves(grad, name).items()}
    comparisons: list[Comparison] = []
    if all(p in found and np.shape(found[p]) == np.shape(leaf) for p, leaf in points.items()):
        work = _Work(f, args, names, points, found, np.random.default_rng(seed), value)
        comparisons += work.against_differences(directions)
        if jvp is not None:
            comparisons += work.against_forward(jvp, directions)
    return CheckReport(value, tuple(comparisons), tuple(problems), seed)


def _contract_problems(
    names: tuple[str, ...], args: tuple[Any, ...], given: tuple[Any, ...], gradients: list[tuple[str, Any, Any]]
) -> list[str]:
    """What is wrong besides numbers; `given` are the arguments after the call, a gradient is (name, argument, it)."""
    changed = [p for n, a, b in zip(names, args, given, strict=True) for p in differences(a, b, n)]
    problems = [f"the arguments were changed at {p}" for p in changed]
    for name, arg, grad in gradients:
        problems += mirror_problems(arg, grad, name)
        problems += _sharing_problems(grad, given, name)
    return problems


def float_arguments(args: Sequence[Any]) -> tuple[int, ...]:
    """The positions of the arguments that hold floats, in containers too.

    >>> float_arguments([1.0, 2, {"w": [3.0]}])
    (0, 2)
    """
    return tuple(i for i, arg in enumerate(args) if leaves(arg, ""))


def _chosen(args: tuple[Any, ...], argnums: int | tuple[int, ...] | None) -> tuple[int, ...]:
    if argnums is None:
        return float_arguments(args)
    indices = (argnums,) if isinstance(argnums, int) else argnums
    return tuple(range(len(args))[i] for i in indices)


def mirror_problems(arg: Any, grad: Any, path: str, within: frozenset[int] = frozenset()) -> list[str]:
    """What is wrong with the form of a gradient: it mirrors its argument, leaf by leaf."""
    if is_leaf(arg):
        if not is_leaf(grad):
            return [f"the gradient of {path} is {_short(grad)} where the argument is a float"]
        a, g = np.asarray(arg), np.asarray(grad)
        if a.shape != g.shape or isinstance(arg, np.ndarray) != isinstance(grad, np.ndarray):
            return [f"the gradient of {path} is {_short(grad)}, the argument {_short(arg)}"]
        return [] if a.dtype == g.dtype else [f"the gradient of {path} has dtype {g.dtype}, the argument {a.dtype}"]
    if id(arg) in within:
        return []
    parts = list(children(arg, path))
    if not parts and not isinstance(arg, CONTAINERS):
        return [] if grad is None else [f"the gradient of {path}, which is no float, is {_short(grad)}, not None"]
    if type(arg) is not type(grad):
        return [f"the gradient of {path} is a {type(grad).__name__}, the argument a {type(arg).__name__}"]
    mirrored = dict(children(grad, path))
    if list(mirrored) != [p for p, _ in parts]:
        return [f"the gradient of {path} has other entries than the argument"]
    around = within | {id(arg)}
    return [problem for p, child in parts for problem in mirror_problems(child, mirrored[p], p, around)]


def _sharing_problems(grad: Any, given: tuple[Any, ...], path: str) -> list[str]:
    arrays = [a for i, arg in enumerate(given) for a in leaves(arg, str(i)).values() if isinstance(a, np.ndarray)]
    problems = []
    for p, g in leaves(grad, path).items():
        if isinstance(g, np.ndarray):
            if not g.flags.writeable:
                problems.append(f"the gradient of {p} is not writable")
            if any(np.shares_memory(g, a) for a in arrays):
                problems.append(f"the gradient of {p} shares memory with an argument")
    return problems


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return (
        repr(value) if value is None or isinstance(value, (bool, int, float, complex)) else f"a {type(value).__name__}"
    )


class _Work:
    """The comparisons of one check: the function at a point, and the gradient found there."""

    def __init__(
        self,
        f: Callable[..., Any],
        args: tuple[Any, ...],
        names: tuple[str, ...],
        points: dict[str, Any],
        found: dict[str, Any],
        rng: np.random.Generator,
        value: Any,
    ) -> None:
        self.f, self.args, self.names, self.points, self.found, self.rng = f, args, names, points, found, rng
        inexact = [np.asarray(leaf).dtype for leaf in [*points.values(), value] if is_leaf(leaf)]
        self.eps = max([2.0**-52, *(float(np.finfo(dtype).eps) for dtype in inexact)])

    def against_differences(self, directions: int) -> list[Comparison]:
        """Each leaf: along its coordinates if it is small, else along random directions."""
        out = []
        for path, leaf in self.points.items():
            size = np.size(leaf)
            if size <= _COORDINATES:
                tried = [self._coordinate(leaf, k, unit) for k in range(size) for unit in _units(leaf)]
            else:
                tried = [self._random(leaf) for _ in range(directions)]
            for vector, suffix in tried:
                out.append(self._difference(self._everywhere({path: vector}), path + suffix))
        return out

    def against_forward(self, jvp: Callable[..., tuple[Any, Any]], directions: int) -> list[Comparison]:
        """Random directions through all leaves: forward mode's tangent against the product with the gradient."""
        out = []
        for _ in range(directions if self.points else 0):
            drawn: dict[int, Any] = {}
            direction = {p: drawn.setdefault(id(leaf), self._random(leaf)[0]) for p, leaf in self.points.items()}
            _, tangent = jvp(copied(self.args), self._tangents(direction))
            expected, size = self._product(direction)
            tolerance = self.eps**0.6 * size
            got = float(np.real(tangent))
            verdict: Verdict = "ok" if abs(got - expected) <= tolerance else "wrong"
            if math.isnan(got) and math.isnan(expected):
                verdict = "unclear"
            out.append(Comparison("forward", "all", expected, got, tolerance, verdict))
        return out

    def _tangents(self, direction: Direction) -> tuple[Any, ...]:
        """The direction in the form of the arguments: zero where it does not lead, None for what is no float."""

        def replace(path: str, leaf: Any) -> Any:
            return direction[path] if path in direction else _like(0.0, leaf)

        return tuple(rebuild(arg, name, replace, other=None) for arg, name in zip(self.args, self.names, strict=True))

    def _everywhere(self, direction: Direction) -> Direction:
        """The direction with every other place of the same array moved along: they are one object for the function."""
        by_object = {id(self.points[p]): v for p, v in direction.items() if isinstance(self.points[p], np.ndarray)}
        return direction | {p: by_object[id(leaf)] for p, leaf in self.points.items() if id(leaf) in by_object}

    def _difference(self, direction: Direction, where: str) -> Comparison:
        got, size = self._product(direction)
        fd = differentiate(lambda h: self._moved(direction, h), self.eps)
        tolerance = 20 * fd.error + math.sqrt(self.eps) * size
        reliable = max(self.eps**0.25 * max(abs(fd.value), size), math.sqrt(self.eps) * fd.magnitude)
        verdict: Verdict = "ok" if abs(got - fd.value) <= tolerance else "wrong"
        if not fd.error <= reliable:
            verdict = "unclear"
        return Comparison("reverse", where, fd.value, got, tolerance, verdict)

    def _moved(self, direction: Direction, step: float) -> float:
        def replace(path: str, leaf: Any) -> Any:
            if path in direction:
                moved = leaf + step * direction[path]
                return moved.astype(leaf.dtype, copy=False) if isinstance(leaf, np.ndarray) else moved
            return leaf.copy(order="K") if isinstance(leaf, np.ndarray) else leaf

        memo: dict[object, Any] = {}
        args = [rebuild(arg, name, replace, memo) for arg, name in zip(self.args, self.names, strict=True)]
        try:
            with np.errstate(all="ignore"):
                return float(np.real(self.f(*args)))
        except (ValueError, ArithmeticError, IndexError):  # outside the domain: no value there
            return math.nan

    def _product(self, direction: Direction) -> tuple[float, float]:
        """The gradient times a direction, and the sum of the sizes of the terms."""
        with np.errstate(all="ignore"):  # a gradient that is NaN or infinite is judged, not warned about
            terms = [np.real(np.multiply(self.found[p], v)) for p, v in direction.items()]
        return float(sum(np.sum(t) for t in terms)), float(sum(np.sum(np.abs(t)) for t in terms))

    def _scale(self, leaf: Any) -> Any:
        """The size of each element, or for those near zero a hundredth of the leaf's: the unit of the steps."""
        size = np.abs(leaf)
        typical = np.sqrt(np.mean(size**2)) if np.size(leaf) else 0.0
        return np.maximum(size, 0.01 * typical) if typical > 0 else np.ones_like(size)

    def _random(self, leaf: Any) -> tuple[Any, str]:
        shape = np.shape(leaf)
        vector = self.rng.uniform(0.5, 1.0, shape) * self.rng.choice([-1.0, 1.0], shape)
        if np.iscomplexobj(leaf):
            vector = vector * np.exp(1j * self.rng.uniform(0, 2 * np.pi, shape))
        return _like(self._scale(leaf) * vector, leaf), ""

    def _coordinate(self, leaf: Any, index: int, unit: complex) -> tuple[Any, str]:
        vector = np.zeros(np.size(leaf), complex)
        vector[index] = unit * np.ravel(self._scale(leaf))[index]
        where = np.unravel_index(index, np.shape(leaf))
        suffix = f"[{', '.join(str(int(i)) for i in where)}]" if where else ""
        vector = vector.reshape(np.shape(leaf))
        return _like(vector if np.iscomplexobj(leaf) else vector.real, leaf), suffix + (".imag" if unit == 1j else "")


def _units(leaf: Any) -> tuple[complex, ...]:
    return (1.0, 1j) if np.iscomplexobj(leaf) else (1.0,)


def _like(vector: Any, leaf: Any) -> Any:
    """A direction of the leaf's own type, so that adding it changes neither dtype nor class nor memory order."""
    if isinstance(leaf, np.ndarray):
        out = np.empty_like(leaf)
        out[...] = vector
        return out
    return type(leaf)(vector)
