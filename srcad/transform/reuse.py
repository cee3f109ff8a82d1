"""Using the memory of a cotangent that is no longer needed for what is computed from it.

    h_bar = z_bar @ W.T                        h_bar = z_bar @ W.T
    t_bar = (1 - h * h) * h_bar       ->       h_bar *= 1 - h * h
    W_bar = x.T @ t_bar                        W_bar = x.T @ h_bar
    b_bar = t_bar.sum(axis=0)                  b_bar = h_bar.sum(axis=0)

A large array less is made, which costs more than the arithmetic. Only where the cotangent was made new in the reverse
sweep, has a name, nobody else reads it, and the result has its shape and dtype and is a temporary that is used more
than once: what is used once is written inside the expression that uses it, and NumPy finds its memory free there.

>>> import srcad
>>> import numpy as np
>>> def f(W, b, x):
...     h = np.tanh(x @ W + b)
...     z = h @ W
...     return np.sum(z * z)
>>> df = srcad.grad(f, argnums=(0, 1))
>>> print(df.source_for(np.ones((3, 3)), np.ones(3), np.ones((5, 3))).partition("# h = ")[2])
np.tanh(x @ W + b)
    h_bar *= 1 - h * h
    b_bar = h_bar.sum(axis=0)
    W_bar += x.T @ h_bar
    return W_bar, b_bar
<BLANKLINE>
"""

from __future__ import annotations

import operator
from collections.abc import Mapping

import numpy as np

from srcad.analysis.aliases import makes_new
from srcad.ir import ops
from srcad.ir.atoms import atom_kind, is_in
from srcad.ir.dims import Facts
from srcad.ir.kinds import Array, Kind, Opaque, Scalar
from srcad.ir.nodes import Atom, Block, Call, Const, Function, Star, Stmt, Var
from srcad.ir.visit import blocks, count_uses, substitute, updated, with_blocks

#: Operators with their form in place, and whether the operand on the right may give its memory, too.
_OPERATORS = {
    operator.add: (operator.iadd, True),
    operator.mul: (operator.imul, True),
    operator.sub: (operator.isub, False),
    operator.truediv: (operator.itruediv, False),
}
_MAKERS = frozenset([operator.add, operator.sub, operator.mul, operator.truediv, operator.neg, operator.matmul])


def reuse_memory(function: Function, facts: Facts) -> Function:
    """`function`, a reverse sweep, with temporaries computed in the memory of cotangents that are used up.

    Args:
        function: a derivative in its proper form.
        facts: the lengths that are equal wherever the reverse sweep runs.
    """
    return updated(function, body=_block(function.body, count_uses(function.body), facts))


def _block(block: Block, counts: Mapping[Var, int], facts: Facts) -> Block:
    inner = (with_blocks(s, tuple(_block(b, counts, facts) for b in blocks(s))) for s in block.stmts)
    block = updated(block, stmts=tuple(inner))
    made: set[Var] = set()
    for k, stmt in enumerate(block.stmts):
        if not isinstance(stmt, Call) or not stmt.loc.adjoint:
            continue
        found = _reused(stmt, made, counts, facts)
        if found is not None:
            rest = substitute(Block((), block.stmts[k + 1 :], block.yields), {stmt.target: found[0]})
            stmts = (*block.stmts[:k], _in_place(stmt, *found), *rest.stmts)
            again = {**counts, found[0]: counts[stmt.target] + 1}  # who used the result uses the memory from here on
            return _block(updated(block, stmts=stmts, yields=rest.yields), again, facts)
        if _is_fresh(stmt) and counts.get(stmt.target) == 1:
            made.add(stmt.target)
    return block


def _is_fresh(call: Call) -> bool:
    """Whether a call makes a new array, which has a name of the user's."""
    kind, fn = call.target.kind, call.fn.value if isinstance(call.fn, Const) else None
    named = bool(call.target.name) and not call.target.temporary
    known = isinstance(kind, Array) and kind.dtype is not None and kind.dtype[0] in "fc" and bool(kind.dims)
    return named and known and (is_in(fn, _MAKERS) or isinstance(fn, np.ufunc)) and makes_new(call)


def _reused(call: Call, made: set[Var], counts: Mapping[Var, int], facts: Facts) -> tuple[Var, Atom] | None:
    """The operand whose memory may hold the result of `call`, and the other one."""
    operation = call.fn.value if isinstance(call.fn, Const) else None
    if not is_in(operation, _OPERATORS) or call.kwargs or len(call.args) != 2:
        return None
    if not call.target.temporary or counts.get(call.target, 0) < 2:
        return None
    a, b = call.args
    if isinstance(a, Star) or isinstance(b, Star):
        return None
    for base, other in ((a, b), (b, a))[: 2 if _OPERATORS[operation][1] else 1]:  # type: ignore[index]
        known = isinstance(atom_kind(other), (Array, Scalar))
        if known and isinstance(base, Var) and base in made and _holds(base.kind, call.target.kind, facts):
            return base, other
    return None


def _holds(memory: Kind, result: Kind, facts: Facts) -> bool:
    """Whether an array has the dtype and the shape of a result."""
    if not isinstance(memory, Array) or not isinstance(result, Array) or memory.dtype != result.dtype:
        return False
    if memory.dims is None or result.dims is None or len(memory.dims) != len(result.dims):
        return False
    return all(map(facts.equal, memory.dims, result.dims))


def _in_place(call: Call, base: Var, other: Atom) -> Stmt:
    assert isinstance(call.fn, Const)
    update = ops.IN_PLACE[_OPERATORS[call.fn.value][0]]
    return Call(Var("", Opaque(type(None))), Const(update), (base, other), (), call.loc)
