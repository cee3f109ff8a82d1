"""The statements of straight lines: assignments, stores, updates, copies; one SSA call to one or two lines."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Sequence

from srcad.codegen.decisions import Pattern
from srcad.codegen.effects import kind_of
from srcad.codegen.expressions import Expressions
from srcad.codegen.tables import (
    COPIES,
    IN_PLACE_SYMBOLS,
    INPLACE,
    UPDATE_SYMBOLS,
    function_of,
    generated_parts,
    is_temporary,
)
from srcad.ir import ops
from srcad.ir.kinds import Scalar, Tuple
from srcad.ir.nodes import UNDEFINED_ATOM, Atom, Call, Const, Star, Var
from srcad.ir.visit import is_call_of

_STORE, _LOAD, _DEL = ast.Store(), ast.Load(), ast.Del()
_SHORTENED: dict[Callable[..., object] | None, type[ast.operator]] = {
    operator.add: ast.Add,
    operator.sub: ast.Sub,
    operator.mul: ast.Mult,
}


class Assignments(Expressions):
    """Writes the straight-line statements of one function.

    `dummy` is the name of what is not used; `copied_from` the names of values that may be unbound where they are
    copied; `shortens` says whether ``x = x + v`` of numbers may become ``x += v``.
    """

    dummy = "_"
    shortens = True
    copied_from: frozenset[str] = frozenset()

    def declared(self) -> list[ast.stmt]:
        """The ``global`` and ``nonlocal`` lines, known once the body has been written."""
        lines: list[ast.stmt] = []
        if self._globals:
            lines.append(ast.Global(list(self._globals)))
        if self._nonlocals:
            lines.append(ast.Nonlocal(list(self._nonlocals)))
        return lines

    def start(self) -> None:
        """Forget the declarations of an earlier run."""
        self._globals: dict[str, None] = {}
        self._nonlocals: dict[str, None] = {}
        self.copied: dict[str, None] = {}

    def used(self, var: Var) -> bool:
        """Whether anything reads a variable."""
        return self.folding.uses.get(var.uid, 0) > 0

    def statement(self, call: Call) -> Iterator[ast.stmt]:
        """The lines for one operation; none for a copy that naming has made void."""
        fn = function_of(call)
        written = list(self._effect(fn, call))
        if written:
            yield from written
            if self.used(call.target):
                yield self.assign(call.target, ast.Constant(None))
            return
        pattern = self.folding.patterns.get(call.target.uid)
        if fn is ops.unpack and pattern is not None:
            yield ast.Assign([self.pattern(pattern)], self.argument(call.args[0]))
        elif fn in INPLACE and not call.kwargs:
            yield from self._in_place(call)
        elif fn in COPIES:
            if fn is ops.bound and not self.used(call.target):
                yield ast.Expr(self.argument(call.args[0]))  # a read that raises where there is no value
            elif self.leaf(call.args[0]) != self.name(call.target):
                yield self.assign(call.target, self.argument(call.args[0]))
        elif fn is ops.import_module and all(isinstance(a, Const) for a in call.args):
            yield self._import(call)
        else:
            yield self._value(call)

    def assign(self, target: Var, value: ast.expr) -> ast.stmt:
        """``target = value``."""
        return ast.Assign([ast.Name(self.name(target), _STORE)], value)

    def pattern(self, pattern: Pattern) -> ast.expr:
        """``a, (b, *c)`` as a target."""
        items: list[ast.expr] = []
        for position, item in enumerate(pattern.items):
            node = self.pattern(item) if isinstance(item, Pattern) else ast.Name(self._target_name(item), _STORE)
            items.append(ast.Starred(node, _STORE) if position == pattern.starred else node)
        return ast.Tuple(items, _STORE)

    def _target_name(self, var: Var | None) -> str:
        if var is None or (not self.used(var) and is_temporary(var.name)):
            return self.dummy
        return self.name(var)

    def _value(self, call: Call) -> ast.stmt:
        """``target = expression``, the expression alone, or a shortened update of a number."""
        target = call.target
        if not self.used(target) and is_temporary(target.name):
            return ast.Expr(self.call(call))
        op = _SHORTENED.get(function_of(call))
        if self.shortens and op is not None and len(call.args) == 2 and self._updates_number(call):
            return ast.AugAssign(ast.Name(self.name(target), _STORE), op(), self.argument(call.args[1]))
        return self.assign(target, self.call(call))

    def _updates_number(self, call: Call) -> bool:
        """Whether ``x = x + v`` is a line of the compiler's own about numbers, so that ``x += v`` may stand for it."""
        target, first = call.target, call.args[0]
        users = self.references.locals
        own = call.loc.adjoint or generated_parts(target.name) is not None or (bool(users) and target.name not in users)
        numbers = isinstance(target.kind, Scalar) and isinstance(kind_of(first), Scalar)
        return own and numbers and self.leaf(first) == self.name(target)

    def _in_place(self, call: Call) -> Iterator[ast.stmt]:
        target, (first, second) = call.target, call.args
        op = INPLACE[function_of(call)]  # type: ignore[index]
        if self.leaf(first) != self.name(target):
            if isinstance(target.kind, Scalar):
                yield self.assign(target, self.call(call))
                return
            yield self.assign(target, self.argument(first))
        yield ast.AugAssign(ast.Name(self.name(target), _STORE), op(), self.argument(second))

    def _import(self, call: Call) -> ast.stmt:
        module, attribute, *_ = (*(a.value for a in call.args if isinstance(a, Const)), None)
        name = self.name(call.target)
        path = module if attribute is None else attribute
        alias = ast.alias(path, None if path == name else name)
        return ast.Import([alias]) if attribute is None else ast.ImportFrom(module, [alias], 0)

    def _effect(self, fn: Callable[..., object] | None, call: Call) -> Iterator[ast.stmt]:
        """Stores, deletions, ``raise`` and ``assert``: operations that are statements by nature."""
        args = call.args
        if fn is operator.setitem:
            yield ast.Assign([self._place(args[0], args[1], _STORE)], self.argument(args[2]))
        elif fn is operator.delitem:
            yield ast.Delete([self._place(args[0], args[1], _DEL)])
        elif fn in UPDATE_SYMBOLS:
            yield ast.AugAssign(self._place(args[0], args[1], _STORE), UPDATE_SYMBOLS[fn](), self.argument(args[2]))
        elif fn in IN_PLACE_SYMBOLS:
            yield self._changed(args[0], IN_PLACE_SYMBOLS[fn], call)
        elif fn is setattr and _is_attribute(args[1]):
            yield ast.Assign([self._attribute(args, _STORE)], self.argument(args[2]))
        elif fn is delattr and _is_attribute(args[1]):
            yield ast.Delete([self._attribute(args, _DEL)])
        elif fn is ops.raise_error:
            given = len(args) > 1 and args[1] != Const(None)
            yield ast.Raise(self.argument(args[0]), self.argument(args[1]) if given else None)
        elif fn is ops.assert_true:
            given = len(args) > 1 and args[1] != Const(None)
            yield ast.Assert(self.argument(args[0]), self.argument(args[1]) if given else None)
        elif fn is ops.store_global or fn is ops.store_free:
            yield self._outer(fn, call)

    def _changed(self, base: Atom | Star, op: type[ast.operator], call: Call) -> ast.stmt:
        """``base op= value`` for a name or a part of an array, ``base[...] op= value`` for other views."""
        node = self.argument(base)
        if isinstance(node, ast.Name):
            return ast.AugAssign(ast.Name(node.id, _STORE), op(), self.argument(call.args[1]))
        if isinstance(node, ast.Subscript) and not self._is_item_of_tuple(base):
            return ast.AugAssign(ast.Subscript(node.value, node.slice, _STORE), op(), self.argument(call.args[1]))
        everything = ast.Subscript(node, ast.Constant(...), _STORE)
        return ast.AugAssign(everything, op(), self.argument(call.args[1]))

    def _is_item_of_tuple(self, base: Atom | Star) -> bool:
        """Whether `base` is written as an item of a tuple: ``t[0] += v`` would change it, and then fail."""
        made = None if isinstance(base, Star) else self._folded_call(base)
        if made is None or not is_call_of(made, operator.getitem) or isinstance(made.args[0], Star):
            return False
        return isinstance(kind_of(made.args[0]), Tuple)

    def _outer(self, fn: Callable[..., object], call: Call) -> ast.stmt:
        place, value = call.args
        assert isinstance(place, Const)
        name = str(place.value)
        if fn is ops.store_free:
            written = self.references.read_free(name)
            self._nonlocals.setdefault(written)
            return ast.Assign([ast.Name(written, _STORE)], self.argument(value))
        target = self.global_name(name)
        if isinstance(target, ast.Name):
            self._globals.setdefault(name)
        return ast.Assign([target], self.argument(value))

    def _place(self, base: Atom | Star, index: Atom | Star, ctx: ast.expr_context) -> ast.Subscript:
        assert not isinstance(index, Star)
        return ast.Subscript(self.argument(base), self.index(index), ctx)

    def _attribute(self, args: Sequence[Atom | Star], ctx: ast.expr_context) -> ast.expr:
        assert isinstance(args[1], Const)
        return ast.Attribute(self.argument(args[0]), args[1].value, ctx)

    # -- parallel copies -------------------------------------------------------------------------------------------

    def copies(self, moves: Sequence[tuple[Var, Atom]]) -> list[tuple[str, Atom]]:
        """The copies that are left once equal names are one: target names and sources.

        No value is copied by doing nothing, except to a name that is itself copied from: that one is bound to None.
        """
        left: list[tuple[str, Atom]] = []
        for target, source in moves:
            name = self.name(target)
            if source == UNDEFINED_ATOM:
                if name in self.copied_from:
                    left.append((name, Const(None)))
            elif self.leaf(source) != name:
                left.append((name, source))
                if isinstance(source, Var) and source.uid in self.folding.unbound:
                    self.copied.setdefault(self.name(source))
        return left

    def written_copies(self, moves: list[tuple[str, Atom]]) -> Iterator[ast.stmt]:
        """Copies that happen at once, as lines: in an order where none destroys what another reads, else as a tuple."""
        reads = [frozenset(self.name(v) for v in self.folding.leaves(source)) for _, source in moves]
        left = list(range(len(moves)))
        while left:
            free = (k for k in left if not any(moves[k][0] in reads[other] for other in left if other != k))
            k = next(free, None)
            if k is None:
                yield self.together([moves[i] for i in left])
                return
            left.remove(k)
            yield ast.Assign([ast.Name(moves[k][0], _STORE)], self.atom(moves[k][1]))

    def together(self, moves: list[tuple[str, Atom]]) -> ast.stmt:
        """``a, b = b, a``."""
        targets: list[ast.expr] = [ast.Name(name, _STORE) for name, _ in moves]
        return ast.Assign([ast.Tuple(targets, _STORE)], ast.Tuple([self.atom(source) for _, source in moves], _LOAD))


def _is_attribute(name: Atom | Star) -> bool:
    return isinstance(name, Const) and isinstance(name.value, str) and name.value.isidentifier()
