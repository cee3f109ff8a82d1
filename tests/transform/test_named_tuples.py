"""Named tuples: as arguments, made in the function and in callees, in containers, carried by loops."""

import collections
import typing

import pytest

from tests.programs.table import arr, program
from tests.transform.both_modes import agrees, agrees_if_known, refused

Pt = collections.namedtuple("Pt", "a b")


class Box(typing.NamedTuple):
    w: float
    h: float = 2.0

    def area(self):
        return self.w * self.h


def argument(p):
    return p.a * p.b + p[0] ** 2


def made_and_unpacked(x):
    p = Pt(x, x * x)
    q = Pt(b=p.a * 2, a=p.b)
    a, b = p
    return p.a * p.b + q.a * q.b + a * b + p[0]


def carried_by_a_loop(x, n):
    p = Pt(x, 1.0)
    for i in range(n):
        p = Pt(p.b * x, p.a + p.b)
    return p.a * p.b


def in_a_list(ps):
    t = 0.0
    for p in ps:
        t += p.a * p.b * p.a
    return t


def mk(x):
    return Pt(x * x, x + 1)


def made_by_a_callee(x):
    p = mk(x)
    xs = [p, Pt(p.b, x)]
    q = xs.pop()
    return q.a * q.b * xs[0].a


def of_an_array(v):
    p = Pt(v * 2, v[0])
    return (p.a * p.a).sum() * p.b + p.a[0]


def chosen_and_kept(x, flag):
    p = Pt(x, x * x) if flag else Pt(x * x, x)
    d = {"k": p}
    d["m"] = Pt(d["k"].a, p.b)
    return p.a * d["m"].b + d["k"].b


def item_changed_later(v):
    a = v * 2
    p = Pt(a, v)
    p.a[0] = v[1] * v[2]
    return (a * a).sum()


def typed(x):
    q = Box(x, x * x)
    return q.w * q.h


def of_containers(p):
    return (p.a["u"] * p.b[1]).sum()


class Tenfold(Pt):
    @property
    def a(self):
        return self[1] * 10.0


def of_a_derived_class(p):
    return p.a * p.b


PROGRAMS = [
    program(made_and_unpacked, (0.7,)),
    program(carried_by_a_loop, (0.7, 3), (0.7, 0)),
    program(made_by_a_callee, (0.7,)),
    program(of_an_array, (arr(3),)),
    program(chosen_and_kept, (0.7, True), (0.7, False)),
    program(typed, (0.7,)),
]

#: An attribute of an argument of unknown kind may be anything.
KNOWN = [
    program(argument, (Pt(0.7, 0.4),)),
    program(in_a_list, ([Pt(0.7, 0.4), Pt(0.1, 0.3)],)),
    program(of_containers, (Pt({"u": arr(3)}, [1, 0.4]),)),
]


@pytest.mark.parametrize("entry", PROGRAMS, ids=lambda entry: entry.name)
def test_derivatives(entry):
    agrees(entry)


@pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: entry.name)
def test_derivatives_where_kinds_are_known(entry):
    agrees_if_known(entry)


def test_a_property_of_a_derived_class_is_no_field():
    refused(of_a_derived_class, (Tenfold(0.7, 0.4),), "carries a derivative|no derivative rule")


def test_an_item_that_is_changed_later():
    agrees_if_known(program(item_changed_later, (arr(3),)))
