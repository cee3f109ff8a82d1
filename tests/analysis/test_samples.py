"""Kinds of all primitives that have rules, on the sample calls of their templates: they must admit the result."""

from __future__ import annotations

import copy
import importlib
import warnings

import numpy as np
import pytest

from srcad.analysis.result import result_kind
from srcad.analysis.values import Names, kind_of
from srcad.ir.dims import Facts
from srcad.ir.nodes import Const, Var
from srcad.rules.registry import rule_for
from srcad.templates import MODULES
from tests.analysis.admits import admits, blurred, consistent


def samples():
    for name in MODULES:
        if name.startswith("scipy"):
            pytest.importorskip("scipy." + name.removeprefix("scipy_").split("_")[0])
        yield from getattr(importlib.import_module(f"srcad.templates.{name}"), "SAMPLES", ())


def is_option(value):
    """Whether the front end would have the value as a constant."""
    if isinstance(value, tuple):
        return all(map(is_option, value))
    return value is None or isinstance(value, (bool, int, str, type, np.dtype)) and not isinstance(value, np.generic)


def run(primitive, args, kwargs):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        args = copy.deepcopy(args)
        return primitive(*args, **kwargs) if callable(primitive) else primitive.__get__(*args)


ALL = list(samples())


@pytest.mark.parametrize("sample", ALL, ids=map(str, ALL))
def test_sample(sample):
    args, kwargs = sample.draw()
    result = run(sample.primitive, args, kwargs)
    for level in range(6):
        names, bindings, facts = Names(), {}, Facts()

        def atom(value, level=level, names=names, bindings=bindings):
            if is_option(value):
                return Const(value)
            kind = kind_of(value, names)
            assert admits(kind, value, bindings)
            return Var("", blurred(kind, level))

        atoms = [atom(v) for v in args]
        named = tuple((k, atom(v)) for k, v in kwargs.items())
        kind = result_kind(Const(sample.primitive), atoms, named, facts)
        shown = [str(getattr(a, "kind", a)) for a in atoms]
        assert admits(kind, result, dict(bindings)), (
            f"{shown}: {kind} does not admit {result!r} ({rule_for(sample.primitive).family})"
        )
        assert consistent(facts, bindings), facts._known
