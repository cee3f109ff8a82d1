"""What stands in the nodes of a drawing: an operation as a person would write it, with ``·`` for unnamed operands."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import replace
from types import GetSetDescriptorType, MethodDescriptorType

from srcad.ir import ops
from srcad.ir.atoms import is_in
from srcad.ir.kinds import Kind, Slice, Tuple
from srcad.ir.nodes import Atom, Call, Const, For, Function, Loc, Star, Var
from srcad.ir.printer import Printer, const_text
from srcad.ir.visit import count_uses, definitions, is_call_of, walk, walk_blocks

#: An operand that has no name of the user's.
HOLE = "·"

_LONGEST = 48
_COMMUTATIVE = frozenset((operator.add, operator.mul, operator.eq, operator.ne, operator.and_, operator.or_))
_SECOND_NAMES = (Const(ops.identity), Const(ops.bound))


class Labels(Printer):
    """Texts of the operations of one function.

    What is only there for the statement that uses it is no node of its own but `written` there: slices and tuples of
    slices in its brackets, ranges and their kin in the head of its loop, a second name of a value as the first.
    """

    def __init__(self, function: Function) -> None:
        body = function.body
        self.called = {var: var.name for var in definitions(body)}  # a use may know the variable by an earlier name
        super().__init__(body, kinds=False)
        kept = {a for b in walk_blocks(body) for a in b.yields}
        heads = [s.iter for s in walk(body) if isinstance(s, For)]
        uses = count_uses(body)
        self.written: dict[Var, Call] = {}
        for call in reversed([s for s in walk(body) if isinstance(s, Call) and _is_plain(s)]):
            var = call.target
            if is_second_name(call):
                self.written[var] = call
            elif var not in kept and (_is_index(call) or (var in heads and uses[var] == 1 and _is_iterator(call))):
                self.written[var] = call
                heads += [a for a in call.args if isinstance(a, Var)] if var in heads else []

    def name(self, var: Var) -> str:
        """The user's name of a variable, ``·`` where it has none, or what is written in its place."""
        call = getattr(self, "written", {}).get(var)
        if call is None:
            return self.called.get(var, var.name) or HOLE
        if is_second_name(call):
            return self.atom(call.args[0])
        return self._index(call) if _is_index(call) else self._expression(call)

    def _index(self, call: Call) -> str:
        texts = [self.atom(arg) for arg in call.args]
        if is_call_of(call, slice):
            return _slice_text([None if t == "None" else t for t in texts])
        return ", ".join(texts) + ("," if len(texts) == 1 else "")

    def operation(self, call: Call) -> str:
        """What a call does, without its target; a method or an attribute stands behind its object."""
        fn = call.fn.value if isinstance(call.fn, Const) else None
        if isinstance(fn, GetSetDescriptorType) and len(call.args) == 1:
            return shortened(f"{self.atom(call.args[0])}.{fn.__name__}")
        if isinstance(fn, MethodDescriptorType) and call.args and not isinstance(call.args[0], Star):
            receiver, rest = self.atom(call.args[0]), replace(call, fn=Const(fn, fn.__name__), args=call.args[1:])
            return shortened(f"{receiver}.{self._expression(rest)}")
        return shortened(self._expression(call))

    def operands(self, atom: Atom | Star) -> Iterator[Var]:
        """The variables that an operand stands for: itself, or those of what is written in its place."""
        value = atom.value if isinstance(atom, Star) else atom
        if isinstance(value, Var) and value in self.written:
            for inner in self.written[value].args:
                yield from self.operands(inner)
        elif isinstance(value, Var):
            yield value

    def is_ambiguous(self, call: Call) -> bool:
        """Whether the text does not tell which operand is which."""
        operands = {v for a in (*call.args, *(v for _, v in call.kwargs)) for v in self.operands(a)}
        commutes = isinstance(call.fn, Const) and is_in(call.fn.value, _COMMUTATIVE)
        return len({self.name(v) for v in operands}) < len(operands) and not commutes


def shortened(text: str) -> str:
    """A text of at most 48 characters on one line.

    >>> shortened("x  +  y"), shortened("x" * 50) == "x" * 47 + "…"
    ('x + y', True)
    """
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def tip(loc: Loc, kind: Kind | None = None) -> str:
    """The tooltip of what a statement of the user's became: its kind, line and text."""
    of = "" if kind is None else shortened(str(kind))
    place = f"line {loc.line}" + (f": {loc.text}" if loc.text else "") if loc.line else ""
    what = f"{'adjoint of ' if loc.adjoint else ''}{place}" if place else ""
    return "; ".join(part for part in (of, what) if part)


def constant(const: Const) -> str:
    """A constant as text."""
    return shortened(const_text(const))


def _slice_text(parts: list[str | None]) -> str:
    """A slice in its brackets.

    >>> _slice_text(["1", None]), _slice_text([None]), _slice_text([None, None, "-1"]), _slice_text(["2", "n", None])
    ('1:', ':', '::-1', '2:n')
    """
    start, stop, step = (None, parts[0], None) if len(parts) == 1 else (*parts, None, None)[:3]
    return f"{start or ''}:{stop or ''}" + (f":{step}" if step is not None else "")


def _is_plain(call: Call) -> bool:
    """Whether a call gives an unnamed value and has positional arguments only."""
    return not (call.target.name or call.kwargs or any(isinstance(a, Star) for a in call.args))


def is_second_name(call: Call) -> bool:
    """Whether a call only hands a variable on, to an unnamed one."""
    return not call.target.name and call.fn in _SECOND_NAMES and isinstance(call.args[0], Var)


def _is_iterator(call: Call) -> bool:
    return isinstance(call.fn, Const) and any(call.fn.value is fn for fn in (range, reversed, enumerate, zip))


def _is_index(call: Call) -> bool:
    if is_call_of(call, slice):
        return True
    kind = call.target.kind
    parts = kind.items if isinstance(kind, Tuple) else ()
    return is_call_of(call, ops.make_tuple) and any(isinstance(part, Slice) for part in parts)
