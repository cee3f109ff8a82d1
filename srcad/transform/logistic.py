"""The derivative of the logistic function from its value: ``s * (1 - s)`` with ``s = 1 / (1 + exp(-x))``.

The chain rule gives ``e * s * s`` with ``e = exp(-x)``. As ``e * s == 1 - s``, the result is enough: one array less to
save in a loop, and no infinity times zero where the exponential overflows.

>>> import numpy as np
>>> import srcad
>>> def f(x):
...     s = 1.0 / (1.0 + np.exp(-x))
...     return s @ s
>>> print(srcad.grad(f).source_for(np.ones(3)))
# kinds: x: f8[n]
def f_grad(x):
    s = 1.0 / (1.0 + np.exp(-x))
    # return s @ s
    s_bar = 2 * s
    # s = 1.0 / (1.0 + np.exp(-x))
    x_bar = (1 - s) * s * s_bar
    return x_bar

    x_bar = e * s * s * s_bar      ->      x_bar = (1 - s) * s * s_bar
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from srcad.ir.nodes import Atom, Block, Call, Const, Function, Star, Stmt, Var
from srcad.ir.visit import count_uses, is_call_of, updated, walk, with_inner
from srcad.transform.algebra import is_const, keeps_dtype


def from_results(function: Function, is_mutated: Callable[[Atom], bool]) -> Function:
    """`function`, both sweeps in one body, with derivatives of logistic functions from their values.

    Args:
        function: in the form in which reverse code names values of forward loops.
        is_mutated: whether the memory of a value is changed in place somewhere.
    """
    made = {s.target: s for s in walk(function.body) if isinstance(s, Call) and not s.loc.adjoint}
    values: dict[Var, Var] = {}
    for target, call in made.items():
        exponential = _exponential(call, made)
        if exponential is not None and not is_mutated(exponential) and not is_mutated(target):
            values[exponential] = target
    if not values:
        return function
    return updated(function, body=_block(function.body, values, count_uses(function.body)))


def _exponential(call: Call, made: dict[Var, Call]) -> Var | None:
    """`e`, where `call` is ``1 / (1 + e)`` and `e` an exponential."""
    if not is_call_of(call, operator.truediv) or not is_const(call.args[0], 1) or not keeps_dtype(call.target.kind):
        return None
    total = made.get(call.args[1]) if isinstance(call.args[1], Var) else None
    if total is None or not is_call_of(total, operator.add):
        return None
    for one, other in (total.args, total.args[::-1]):
        known = made.get(other) if isinstance(other, Var) else None
        if is_const(one, 1) and known is not None and is_call_of(known, np.exp) and not known.kwargs:
            return known.target
    return None


def _block(block: Block, values: dict[Var, Var], counts: Mapping[Var, int]) -> Block:
    stmts: list[Stmt | None] = [*with_inner(block, lambda b: _block(b, values, counts))]
    before: dict[int, Call] = {}
    places = {s.target: k for k, s in enumerate(block.stmts) if isinstance(s, Call)}
    for at, stmt in enumerate(stmts):
        if not isinstance(stmt, Call) or not is_call_of(stmt, operator.mul) or not stmt.loc.adjoint:
            continue
        for exponential, rest in (stmt.args, stmt.args[::-1]):
            value = values.get(exponential) if isinstance(exponential, Var) else None
            place = None if value is None else _factor(value, rest, stmts, places, counts)
            if value is None or place is None or not isinstance(rest, Var):
                continue
            product = stmts[place]
            assert isinstance(product, Call)
            less = Call(Var("", value.kind), Const(operator.sub), (Const(1), value), (), product.loc)
            before[place] = less
            k = product.args.index(value)
            stmts[place] = replace(product, args=(*product.args[:k], less.target, *product.args[k + 1 :]))
            outer = stmts[places[rest]]
            assert isinstance(outer, Call)
            stmts[places[rest]] = replace(outer, target=stmt.target)
            places[stmt.target] = places[rest]
            stmts[at] = None
            break
    found: list[Stmt] = []
    for k, stmt in enumerate(stmts):
        found += [before[k]] if k in before else []
        found += [] if stmt is None else [stmt]
    return updated(block, stmts=tuple(found))


def _factor(
    value: Var, atom: Atom | Star, stmts: list[Stmt | None], places: dict[Var, int], counts: Mapping[Var, int]
) -> int | None:
    """The place of the product of which `value` is a factor, inside of a product `atom` with no other use."""
    place = places.get(atom) if isinstance(atom, Var) else None
    call = None if place is None else stmts[place]
    if not isinstance(call, Call) or not call.loc.adjoint or not is_call_of(call, operator.mul):
        return None
    if counts.get(call.target) != 1:
        return None
    if value in call.args:
        return place
    inner = (_factor(value, a, stmts, places, counts) for a in call.args)
    return next((k for k in inner if k is not None), None)
