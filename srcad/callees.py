"""The functions that a differentiated function calls and that are not put in place, and the data that it reads.

Their kinds are found by a fixpoint over recursion: a call met again while its own kind is being found has the kind found so
far, from `Undefined` upwards.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from srcad.analysis.infer import CalleeKind, Typed, infer
from srcad.analysis.values import key_of, kind_of
from srcad.errors import SrcadError
from srcad.frontend.lower import lower
from srcad.ir import ops
from srcad.ir.atoms import atom_kind
from srcad.ir.kinds import UNDEFINED, UNKNOWN, Kind
from srcad.ir.lattice import join
from srcad.ir.nodes import Atom, Function, Star
from srcad.transform.inline import bind_call, inline_calls, is_user_function

_ROUNDS = 8


class Callees:
    """What is known of other functions and of data while one derivative is compiled.

    Attributes:
        data: the data read from globals and closures: how to look it up, and the key of its kind.
    """

    def __init__(self, primal: Any, *, kinds: bool = True) -> None:
        self.primal = primal
        self.known = kinds
        self.data: dict[tuple[str, str], Hashable] = {}
        self._kinds: dict[Hashable, Kind] = {}
        self._open: set[Hashable] = set()

    def generated(self) -> tuple[tuple[object, Function], ...]:
        """The functions that the derivative calls, in SSA."""
        return ()

    def infer(self, function: Function, kinds: Sequence[Kind]) -> Typed:
        """The typed form of a function for these kinds of arguments."""
        return infer(function, kinds, callee_kind=self._callee_kind, read_data=self._read_data)

    def _read_data(self, op: Any, name: str) -> Kind | None:
        place = "free" if op is ops.load_free else "global"
        try:
            value = look_up(self.primal, place, name)
        except LookupError:
            return None
        self.data[place, name] = key_of(value)
        return kind_of(value) if self.known else UNKNOWN

    def _callee_kind(
        self, callee: Any, args: Sequence[Atom | Star], kwargs: Sequence[tuple[str | None, Atom]]
    ) -> CalleeKind | Kind | None:
        if not is_user_function(callee):
            return None
        bound = bind_call(callee, args, dict(kwargs))
        if bound is None:
            return None
        kinds = tuple(atom_kind(a) for a in bound)
        key = (callee, tuple(map(str, kinds)))
        if key in self._open or key in self._kinds:
            return self._kinds.get(key, UNDEFINED)
        return self._fixpoint(callee, kinds, key)

    def _fixpoint(self, callee: Any, kinds: Sequence[Kind], key: Hashable) -> Kind | None:
        try:
            function = inline_calls(lower(callee))
        except SrcadError:
            return None
        self._open.add(key)
        found: Kind = UNDEFINED
        try:
            for _ in range(_ROUNDS):
                self._kinds[key] = found
                following = join(found, self.infer(function, kinds).result)
                if following == found:
                    break
                found = following
            else:
                found = UNKNOWN
        finally:
            self._open.discard(key)
        self._kinds[key] = found
        return found


def look_up(primal: Any, place: str, name: str) -> Any:
    """The value that a global or a variable of an enclosing function has now.

    Raises:
        LookupError: it has none.
    """
    if place == "global":
        return primal.__globals__[name]
    cells = dict(zip(primal.__code__.co_freevars, primal.__closure__ or (), strict=True))
    try:
        return cells[name].cell_contents
    except ValueError:
        raise LookupError(name) from None
