"""Every rule whose result may share memory with an argument says so: in-place changes are followed through it."""

from __future__ import annotations

import warnings

import numpy as np

from srcad.rules import rules

#: Results made of the argument's items one by one; the compiler follows items itself.
BY_ITEM = {"list", "tuple", "iter", "zip", "enumerate", "reversed"}


def shares(rule, x) -> bool:
    primitive = rule.primitive
    try:
        if getattr(primitive, "__objclass__", None) is np.ndarray and not callable(primitive):
            found = primitive.__get__(x)
        else:
            found = primitive(x)
    except Exception:
        return False
    parts = found if isinstance(found, (tuple, list)) else [found]
    return any(isinstance(part, np.ndarray) and np.shares_memory(part, x) for part in parts)


def test_views_are_stated():
    missing = []
    for rule in rules():
        if rule.views or rule.nondifferentiable or rule.structural or rule.name in BY_ITEM:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if any(shares(rule, x) for x in (np.arange(12.0).reshape(3, 4), np.arange(4.0), np.eye(3))):
                missing.append(rule.name)
    assert missing == []


def test_a_missing_view_is_noticed():
    class Rule:
        primitive = np.ravel

    assert shares(Rule, np.arange(3.0))
