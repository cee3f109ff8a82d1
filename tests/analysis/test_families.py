"""Every family against what NumPy and Python return, over shapes and dtypes, for precise and for blurred kinds."""

from __future__ import annotations

import itertools
import math
import operator as op

import numpy as np
import pytest

from srcad.errors import InternalError
from srcad.ir.kinds import Array, Scalar, Tuple
from srcad.rules.families import FAMILIES
from tests.analysis.admits import check

DTYPES = ["f8", "f4", "i8", "i4", "b1", "c16", "c8", "f2", "u1"]


def a(*shape, dtype="f8"):
    """An array with distinct entries away from 0."""
    return (np.arange(1, math.prod(shape) + 1).reshape(shape) / 2 + 0.5).astype(dtype)


SCALARS = [
    2.0,
    3,
    True,
    1 + 2j,
    np.float64(2),
    np.float32(2),
    np.int64(3),
    np.int32(3),
    np.bool_(True),
    np.complex64(2),
]
ARRAYS = [
    a(3),
    a(1),
    a(2, 3),
    a(2, 1),
    a(1, 3),
    a(),
    a(0),
    a(4, 2, 3),
    a(3, dtype="f4"),
    a(3, dtype="i8"),
    a(3, dtype="b1"),
]
ARRAYS += [a(3, dtype="c16"), a(3, dtype="i4"), a(3, dtype="u1"), a(dtype="f4"), a(3, dtype="f2")]


def attempt(family, fn, *args, **kwargs):
    """Check where the call itself succeeds; say whether it did."""
    try:
        with np.errstate(all="ignore"):
            fn(*args, **kwargs)
    except (TypeError, ValueError, IndexError, ZeroDivisionError, OverflowError, np.linalg.LinAlgError):
        return None
    return check(family, fn, *args, **kwargs)


BINARY = [
    op.add,
    op.sub,
    op.mul,
    op.truediv,
    op.floordiv,
    op.mod,
    np.add,
    np.true_divide,
    np.arctan2,
    np.logaddexp,
    np.maximum,
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "fn", [*BINARY, op.pow, np.power, np.float_power, np.hypot, np.copysign, np.fmod, np.heaviside]
)
def test_elementwise_of_two(fn):
    done = [attempt("elementwise", fn, x, y) for x, y in itertools.product([*SCALARS, *ARRAYS], repeat=2)]
    assert sum(k is not None for k in done) > 100


UNARY = [
    np.sin,
    np.exp,
    np.sqrt,
    np.negative,
    np.square,
    np.sign,
    np.floor,
    np.conj,
    np.reciprocal,
    np.sinc,
    np.rint,
    np.abs,
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "fn", [*UNARY, op.neg, op.pos, np.modf, np.i0, np.nan_to_num, np.cbrt, np.log1p, np.isfinite, np.frexp]
)
def test_elementwise_of_one(fn):
    assert any(attempt("elementwise", fn, x) for x in [*SCALARS, *ARRAYS])


@pytest.mark.parametrize("fn", [op.lt, op.eq, np.less, np.equal, np.logical_and, np.logical_or, np.isclose, np.greater])
def test_elementwise_bool(fn):
    assert any(attempt("elementwise_bool", fn, x, y) for x, y in itertools.product([*SCALARS, *ARRAYS], repeat=2))


@pytest.mark.parametrize("fn", [np.isfinite, np.isnan, np.logical_not, np.isreal, np.iscomplex, np.signbit])
def test_elementwise_bool_of_one(fn):
    assert any(attempt("elementwise_bool", fn, x) for x in [*SCALARS, *ARRAYS])


@pytest.mark.parametrize("fn", [np.abs, np.real, np.imag, np.angle, np.absolute, np.fabs])
def test_elementwise_real(fn):
    assert any(attempt("elementwise_real", fn, x) for x in [*SCALARS, *ARRAYS])


@pytest.mark.parametrize("fn", [np.round, np.around])
def test_rounding(fn):
    for x, digits in itertools.product([*SCALARS, *ARRAYS], [0, 1, np.int64(1)]):
        attempt("elementwise", fn, x, decimals=digits)
        attempt("same", fn, x, digits)


def test_clip_and_where():
    for x in [*SCALARS, *ARRAYS]:
        for low, high in [(0, 1), (0.0, 1.0), (None, 1.0), (0.5, None), (a(3), 2.0), (a(2, 3), a(3))]:
            attempt("clip", np.clip, x, low, high)
            attempt("where", np.where, x, low, high)
        attempt("where", np.where, a(3) > 1, x, 0.0)
        attempt("where", np.where, a(2, 3) > 1, 1, x)
        attempt("where", np.where, x)
    assert check("where", np.where, a(3) > 1, a(3), 0.0).dims is not None


REDUCE_ARGS = [
    {},
    {"axis": 0},
    {"axis": -1},
    {"axis": None, "keepdims": True},
    {"axis": 0, "keepdims": True},
    {"axis": (0, 1)},
    {"axis": ()},
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("family", "fn"),
    [
        ("reduction", np.sum),
        ("reduction", np.prod),
        ("reduction", np.max),
        ("reduction", np.min),
        ("reduction", np.ptp),
        ("mean", np.mean),
        ("mean", np.var),
        ("reduction_real", np.std),
        ("reduction_int", np.argmax),
        ("reduction_bool", np.any),
        ("reduction_int", np.count_nonzero),
        ("cumulative", np.cumsum),
        ("cumulative", np.cumprod),
        ("norm", np.linalg.norm),
        ("reduction", np.nansum),
    ],
)
def test_reductions(family, fn):
    values = [*SCALARS, *ARRAYS, [1.0, 2.0], [a(3), a(3)], (1, 2.0), [[1, 2], [3, 4]]]
    values += [a(2, 3, dtype=d) for d in DTYPES]
    done = [attempt(family, fn, x, **kw) for x in values for kw in REDUCE_ARGS]
    done += [attempt(family, fn, x, axis=1, dtype="f4") for x in values]
    assert sum(k is not None for k in done) > 20


def test_reduction_is_precise():
    assert str(check("reduction", np.sum, a(2, 3), axis=0)) == "f8[m]"
    assert str(check("reduction", np.sum, a(2, 3))) == "np.f8"
    assert str(check("mean", np.mean, a(2, 3, dtype="i4"), axis=1, keepdims=True)) == "f8[n, 1]"


@pytest.mark.parametrize("ordinal", [None, 1, 2, np.inf, "fro", 3, "nuc"])
def test_norm_orders(ordinal):
    for x in [a(3), a(2, 3), a(2, 2, 3), a(3, dtype="f4"), a(3, dtype="c8"), a(3, dtype="i8")]:
        for axis in (None, 0, (0, 1)):
            attempt("norm", np.linalg.norm, x, ord=ordinal, axis=axis)


PRODUCT_SHAPES = [(3,), (2, 3), (3, 2), (4, 2, 3), (4, 3, 2), (1, 3), (3, 1), (1, 2, 3), (), (2,), (0,), (1,)]


@pytest.mark.parametrize(
    ("family", "fn"),
    [
        ("matmul", np.matmul),
        ("matmul", op.matmul),
        ("dot", np.dot),
        ("inner", np.inner),
        ("outer", np.outer),
        ("tensordot", np.tensordot),
    ],
)
def test_products(family, fn):
    done = [attempt(family, fn, a(*s), a(*t)) for s, t in itertools.product(PRODUCT_SHAPES, repeat=2)]
    done += [attempt(family, fn, a(3, dtype=d), a(3, dtype=e)) for d, e in itertools.product(DTYPES, repeat=2)]
    done += [attempt(family, fn, x, a(3, dtype="f4")) for x in SCALARS]
    done += [attempt(family, fn, x, 2.0) for x in SCALARS]
    done += [attempt(family, fn, [1.0, 2.0, 3.0], a(3))]
    assert sum(k is not None for k in done) > 6


def test_tensordot_axes():
    for axes in [0, 1, 2, (0, 0), ((0, 1), (0, 1)), ((1,), (0,)), ((-1, 0), (1, -2))]:
        for s, t in itertools.product(PRODUCT_SHAPES, repeat=2):
            attempt("tensordot", np.tensordot, a(*s), a(*t), axes)


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
        ("ii->i", [(3, 3)]),
        ("ii", [(3, 3)]),
        ("i,i->", [(3,), (3,)]),
        ("i,j->ij", [(3,), (2,)]),
        ("bij,bj->bi", [(4, 2, 3), (4, 3)]),
        ("i,i", [(3,), (1,)]),
        ("...i->...", [(2, 3)]),
        ("ba", [(2, 3)]),
        ("ij -> ji", [(2, 3)]),
        ("->", [()]),
    ],
)
def test_einsum(text, shapes):
    for dtype in ("f8", "f4", "i8"):
        check("einsum", np.einsum, text, *[a(*s, dtype=dtype) for s in shapes])


def test_einsum_is_precise():
    assert str(check("einsum", np.einsum, "ij,jk->ik", a(2, 3), a(3, 4))) == "f8[n, k]"


@pytest.mark.parametrize("shape", [(6,), (-1,), (3, 2), (-1, 2), (3, -1), (2, 3, 1), (1, -1), 6, -1, ()])
def test_reshape(shape):
    for x in [a(2, 3), a(6), a(3, 2), a(1, 6), a(6, dtype="f4"), a(), 2.0, np.float64(2), [1.0] * 6]:
        attempt("reshape", np.reshape, x, shape)
        if isinstance(x, np.ndarray) and isinstance(shape, tuple):
            attempt("reshape", np.ndarray.reshape, x, *shape)


def test_reshape_keeps_lengths():
    x = a(2, 3)
    assert str(check("reshape", np.reshape, x, (-1, 1))).endswith(", 1]")
    assert str(check("reshape", np.reshape, a(6), (1, -1))) == "f8[1, n]"


SHAPE_FUNCTIONS = [
    ("ravel", np.ravel, ()),
    ("transpose", np.transpose, ()),
    ("transpose", np.transpose, ((1, 0),)),
    ("transpose", np.transpose, ((2, 0, 1),)),
    ("transpose", np.transpose, ((-1, 0),)),
    ("swapaxes", np.swapaxes, (0, 1)),
    ("swapaxes", np.swapaxes, (-1, 0)),
    ("moveaxis", np.moveaxis, (0, -1)),
    ("moveaxis", np.moveaxis, ((0, 1), (2, 0))),
    ("moveaxis", np.moveaxis, (2, 0)),
    ("expand_dims", np.expand_dims, (0,)),
    ("expand_dims", np.expand_dims, (-1,)),
    ("expand_dims", np.expand_dims, ((0, 2),)),
    ("squeeze", np.squeeze, ()),
    ("squeeze", np.squeeze, (0,)),
    ("squeeze", np.squeeze, ((0, 1),)),
    ("squeeze", np.squeeze, (-1,)),
    ("broadcast_to", np.broadcast_to, ((2, 3),)),
    ("broadcast_to", np.broadcast_to, ((4, 2, 3),)),
    ("broadcast_to", np.broadcast_to, ((3,),)),
    ("diag", np.diag, ()),
    ("diag", np.diag, (1,)),
    ("diag", np.diag, (-2,)),
    ("trace", np.trace, ()),
    ("trace", np.trace, (1, 0, 1)),
    ("trace", np.trace, (0, -1, 0)),
    ("zeros_like", np.zeros_like, ()),
    ("zeros_like", np.ones_like, ("f4",)),
    ("full_like", np.full_like, (2,)),
    ("same", np.copy, ()),
    ("same", np.sort, ()),
    ("same", np.sort, (None,)),
    ("same", np.round, (1,)),
    ("same", np.flip, ()),
    ("inv", np.linalg.inv, ()),
    ("det", np.linalg.det, ()),
    ("slogdet", np.linalg.slogdet, ()),
    ("cholesky", np.linalg.cholesky, ()),
    ("array", np.array, ()),
    ("array", np.asarray, ()),
    ("array", np.asarray, ("f4",)),
    ("broadcast_to", np.broadcast_to, (3,)),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("family", "fn", "rest"), SHAPE_FUNCTIONS)
def test_shapes(family, fn, rest):
    square = np.array([[4.0, 1.0], [1.0, 3.0]])
    values = [
        *SCALARS,
        *ARRAYS,
        a(1, 1),
        a(2, 1, 3),
        a(3, 3),
        square,
        square.astype("f4"),
        square.astype("i8"),
        np.stack([square] * 3),
    ]
    values += [
        square.astype("c16"),
        [1.0, 2.0],
        [[1.0, 2.0], [3.0, 4.0]],
        [a(3), a(3)],
        (1, 2.0),
        [1, 2.5],
        [],
        [True, 2],
        (a(2), [1.0, 2.0]),
    ]
    assert any(attempt(family, fn, x, *rest) for x in values)


@pytest.mark.parametrize("axis", [0, 1, -1, None])
@pytest.mark.parametrize(("family", "fn"), [("concatenate", np.concatenate), ("stack", np.stack)])
def test_joining(family, fn, axis):
    groups = [
        (a(3), a(3)),
        (a(2, 3), a(2, 3)),
        (a(2, 3), a(1, 3)),
        [a(3), a(3), a(3)],
        (a(3, dtype="f4"), a(3)),
        [a(2, 2)],
        a(2, 3),
        a(2, 2, 3),
    ]
    groups += [(a(3), [1.0, 2.0]), [[1.0], [2.0]], (a(0), a(3)), [a(3), a(2)], (1.0, 2.0), (2, 3.5)]
    assert any(attempt(family, fn, g, axis=axis) for g in groups) or axis is None


@pytest.mark.parametrize(("family", "fn"), [("vstack", np.vstack), ("hstack", np.hstack)])
def test_stacking(family, fn):
    groups = [
        (a(3), a(3)),
        (a(2, 3), a(3)),
        (a(2, 3), a(2, 1)),
        [a(3), a(2)],
        (1.0, 2.0),
        [a(3, dtype="i4"), a(3)],
        a(2, 3),
        [a(2, 2, 2)] * 2,
    ]
    assert any(attempt(family, fn, g) for g in groups)


def test_creation():
    for shape in [3, (3,), (2, 3), (), (0, 1), [2, 3]]:
        for dtype in [None, float, np.float32, "i4", np.dtype("c16"), bool]:
            kwargs = {} if dtype is None else {"dtype": dtype}
            for name, fn in [("zeros", np.zeros), ("ones", np.ones), ("empty", np.empty)]:
                check(name, fn, shape, **kwargs)
            for fill in (0, 1.5, np.float32(2), True, 1j):
                if not isinstance(fill, complex):
                    check("full", np.full, shape, fill, **kwargs)
    for args in [(3,), (1, 4), (0, 10, 3), (5, 0, -1), (2.0,), (0, 1, 0.25), (0,), (np.int32(4),), (-3,)]:
        check("arange", np.arange, *args)
    for args in [(0, 1), (0.0, 1.0, 7), (0, 1, 1), (np.float32(0), np.float32(1)), (a(2), a(2), 5), (0, 1j, 4)]:
        check("linspace", np.linspace, *args)
    for args in [(3,), (3, 4), (2, None, 1)]:
        check("eye", np.eye, *args)


def test_solve():
    square = np.array([[4.0, 1.0], [1.0, 3.0]])
    for x in (square, square.astype("f4"), np.stack([square] * 3), square.astype("i8")):
        for b in (a(2), a(2, 3), a(3, 2, 1), a(2, dtype="f4"), a(2, 1, dtype="c16")):
            attempt("solve", np.linalg.solve, x, b)
    assert str(check("solve", np.linalg.solve, square, a(2))) == "f8[d]"


def test_astype():
    for x in [*ARRAYS, np.float64(2)]:
        for dtype in (float, "f4", np.int32):
            check("astype", type(x).astype if isinstance(x, np.ndarray) else np.astype, x, dtype) if isinstance(
                x, np.ndarray
            ) else None


@pytest.mark.parametrize(
    ("family", "fn", "args"),
    [
        ("len", len, (a(3),)),
        ("len", len, ([1.0],)),
        ("len", len, ((1, 2),)),
        ("len", len, ({"a": 1.0},)),
        ("len", len, ("abc",)),
        ("range", range, (3,)),
        ("range", range, (1, 5)),
        ("range", range, (5, -1, -1)),
        ("range", range, (0, 10, 3)),
        ("range", range, (-3,)),
        ("zip", zip, (a(3), [1.0, 2.0, 3.0])),
        ("zip", zip, (a(2, 3), (1, 2))),
        ("enumerate", enumerate, (a(2, 3),)),
        ("enumerate", enumerate, ([1.0],)),
        ("reversed", reversed, ([1.0, 2.0],)),
        ("reversed", reversed, (a(2),)),
        ("sorted", sorted, ([2.0, 1.0],)),
        ("sorted", sorted, (a(3),)),
        ("list", list, (a(3),)),
        ("list", list, ()),
        ("list", list, ((1, 2.0),)),
        ("tuple", tuple, ([1.0, 2.0],)),
        ("tuple", tuple, (a(2),)),
        ("tuple", tuple, ()),
        ("dict", dict, ()),
        ("dict", dict, ({"a": 1.0},)),
        ("python_sum", sum, ([1.0, 2.0],)),
        ("python_sum", sum, ((1, 2.0, a(3)),)),
        ("python_sum", sum, (a(3),)),
        ("python_sum", sum, (a(2, 3),)),
        ("python_sum", sum, ([],)),
        ("python_sum", sum, ([1.0], 2.0)),
        ("python_sum", sum, ([a(3), a(3)], 0.0)),
        ("python_sum", sum, ([1, 2],)),
        ("python_minmax", max, (1.0, 2.0)),
        ("python_minmax", max, (1, 2.0)),
        ("python_minmax", min, ([1.0, 3.0],)),
        ("python_minmax", min, (a(3),)),
        ("python_minmax", max, (1.0, np.float64(2))),
        ("python_pow", pow, (2.0, 3)),
        ("python_pow", pow, (2, 3, 5)),
        ("python_pow", pow, (2, -1)),
        ("python_pow", pow, (-2.0, 0.5)),
        ("python_pow", pow, (2, 3)),
        ("python_abs", abs, (-2.0,)),
        ("python_abs", abs, (1j,)),
        ("python_abs", abs, (a(3),)),
        ("python_abs", abs, (True,)),
        ("python_round", round, (2.5,)),
        ("python_round", round, (2.5, 1)),
        ("python_round", round, (np.float64(2.5),)),
        ("python_round", round, (np.float64(2.5), 1)),
        ("python_round", round, (3,)),
        ("python_round", round, (True, 1)),
        ("python_round", round, (np.float32(2.5), 1)),
        ("divmod", divmod, (7.0, 2.0)),
        ("divmod", divmod, (7, 2)),
        ("divmod", divmod, (a(3), 2.0)),
        ("python_float", float, (3,)),
        ("python_int", int, (3.5,)),
        ("python_int", int, (3,)),
        ("python_bool", bool, (3,)),
        ("python_bool", bool, (0.0,)),
        ("python_complex", complex, (1.0,)),
        ("static", isinstance, (1.0, float)),
        ("static", isinstance, (a(3), np.ndarray)),
        ("static", isinstance, (np.float64(1), float)),
        ("static", isinstance, (True, int)),
        ("static", type, (1.0,)),
        ("static", type, (a(3),)),
        ("static", isinstance, (1, (int, float))),
        ("scalar_float", math.sin, (1,)),
        ("scalar_int", math.floor, (1.5,)),
        ("scalar_bool", math.isnan, (1.0,)),
    ],
)
def test_python(family, fn, args):
    check(family, fn, *args)


def test_divmod_and_minmax_over_scalars():
    for x, y in itertools.product([2.0, 3, True, np.float64(2), np.float32(2), np.int64(3)], repeat=2):
        attempt("divmod", divmod, x, y)
        attempt("python_minmax", max, x, y)
        attempt("python_minmax", min, [x, y])
        attempt("python_sum", sum, [x, y])
        attempt("python_sum", sum, (x, y))


def test_broadcast_records_equal_lengths():
    from srcad.analysis.values import Names, kind_of
    from srcad.ir.dims import Facts
    from srcad.ir.nodes import Var
    from srcad.rules.families import BoundCall

    facts, names = Facts(), Names()
    x, y = (kind_of(a(3), names) for _ in range(2))
    assert isinstance(x, Array) and isinstance(y, Array) and x.dims and y.dims
    assert not facts.equal(x.dims[0], y.dims[0])
    kind = FAMILIES["elementwise"](BoundCall(np.add, {"x": Var("", x), "y": Var("", y)}), facts)
    assert facts.equal(x.dims[0], y.dims[0])
    assert kind == x


def test_unknown_family_raises():
    with pytest.raises(InternalError, match="no type family 'nonsense'"):
        FAMILIES["nonsense"]


def test_results_that_are_not_one_number():
    assert isinstance(check("slogdet", np.linalg.slogdet, np.eye(2)), Tuple)
    assert isinstance(check("det", np.linalg.det, np.eye(2)), Scalar)
