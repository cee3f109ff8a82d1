"""Kinds of whole programs against what runs: every value in a run of the bank is one that its kind admits."""

from __future__ import annotations

import contextlib
import copy
import warnings
from typing import Any

import numpy as np
import pytest

from srcad.analysis.infer import Typed, infer
from srcad.analysis.values import Names, kind_of
from srcad.errors import SrcadError
from srcad.frontend.lower import lower
from srcad.ir.dims import Dim
from srcad.ir.kinds import Array, Iterator, Kind, Scalar, Undefined, Unknown
from srcad.ir.lattice import without_local
from srcad.ir.nodes import UNDEFINED_VALUE, Const, Var
from tests.analysis.admits import Bindings, admits, blurred, consistent
from tests.frontend.interpreter import Interpreter
from tests.programs.bank import RUN_IDS, RUNS


class Watched(dict):
    """The frame of a run: every value is checked against its kind when it is set, and once more in the end."""

    def __init__(self, bindings: Bindings) -> None:
        super().__init__()
        self.bindings = bindings
        self.local: Bindings = {}
        self.owners: dict[Any, Var] = {}
        self.count = 0

    def __setitem__(self, variable: Var, value: Any) -> None:
        self.bind_local(variable, value)
        self.check(variable, variable.kind, value)
        super().__setitem__(variable, value)

    def bind_local(self, variable: Var, value: Any) -> None:
        """The length of a value in this pass: the variable set first with a local symbol decides it, in every pass."""
        if isinstance(variable.kind, Array) and variable.kind.dims and isinstance(value, np.ndarray):
            for dim, length in zip(variable.kind.dims, value.shape, strict=False):
                if dim is not None and len(dim.terms) == 1 and dim.terms[0][0].local and dim == Dim.of(dim.terms[0][0]):
                    symbol = dim.terms[0][0]
                    if self.owners.setdefault(symbol, variable) == variable:
                        self.local[symbol] = length

    def check(self, variable: Var, kind: Kind, value: Any) -> None:
        if type(value) is int and value == 0 and isinstance(kind, Scalar) and kind.dtype == "f8":
            return  # the sum of no floats serves as 0.0
        if value is UNDEFINED_VALUE or isinstance(kind, Iterator) and not isinstance(value, range):
            return
        assert not isinstance(kind, Undefined), f"{variable} has no kind, but the value {value!r}"
        assert admits(kind, value, {**self.bindings, **self.local}), f"{variable}: {kind} does not admit {value!r}"
        self.count += not isinstance(kind, Unknown)

    def recheck(self) -> None:
        for variable, value in self.items():
            self.check(variable, without_local(variable.kind), value)


def callee_kind(depth: int = 0) -> Any:
    def hook(fn: Any, args: Any, kwargs: Any) -> Kind | None:
        if depth > 3 or not hasattr(fn, "__code__") or kwargs or any(not isinstance(a, (Var, Const)) for a in args):
            return None
        from srcad.ir.atoms import atom_kind

        try:
            function = lower(fn)
            if len(args) != len(function.body.params) or fn.__code__.co_flags & 12:
                return None
            typed = infer(function, [atom_kind(a) for a in args], callee_kind=callee_kind(depth + 1))
        except SrcadError:
            return None
        from srcad.analysis.infer import CalleeKind

        return CalleeKind(typed.result, typed.params)

    return hook


def run_checked(typed: Typed, args: tuple[Any, ...], bindings: Bindings) -> int:
    interpreter = Interpreter(typed.function)
    watched = Watched(bindings)
    interpreter.values = watched
    with warnings.catch_warnings(), contextlib.redirect_stdout(None), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        interpreter.run(*args)
    watched.recheck()
    assert consistent(typed.facts, bindings)
    return watched.count


@pytest.mark.parametrize(("entry", "k"), RUNS, ids=RUN_IDS)
def test_kinds_admit_what_runs(entry, k):
    function = lower(entry.fn)
    for level in (0, 1, 2, 3, 5):
        args = copy.deepcopy(entry.inputs[k])
        defaults = entry.fn.__defaults__ or ()
        args = (*args, *defaults[len(defaults) - (len(function.body.params) - len(args)) :])
        if len(args) != len(function.body.params):
            pytest.skip("keyword-only or variadic parameters")
        names, bindings = Names(), {}
        kinds = [kind_of(v, names) for v in args]
        assert all(admits(kind, v, bindings) for kind, v in zip(kinds, args, strict=True))
        for hook in (None, callee_kind()):
            typed = infer(function, [blurred(kind, level) for kind in kinds], callee_kind=hook)
            run_checked(typed, copy.deepcopy(args), bindings)


def test_a_wrong_kind_is_noticed():
    function = lower(RUNS[0][0].fn)
    args = RUNS[0][0].inputs[RUNS[0][1]]
    typed = infer(function, [Scalar("i8", False)] * len(args))
    with pytest.raises(AssertionError, match="does not admit"):
        run_checked(typed, args, {})
