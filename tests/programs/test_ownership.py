"""The caller's data, over the whole bank: however arrays are laid out in memory and whatever shares it, a derivative
leaves it bit for bit as it was, and what it returns is the caller's alone.
"""

import contextlib
import copy
import io
import itertools

import numpy as np

import srcad
from tests.programs import modes, numeric
from tests.programs.test_programs import every_promised, located

# --- the same arguments, laid out in other ways ---------------------------------------------------------------------


def contiguous(a):
    return a.copy()


def fortran(a):
    return np.array(a, order="F")


def strided(a):
    big = np.full(tuple(2 * n for n in a.shape), 77, dtype=a.dtype)
    view = big[(..., *(slice(None, None, 2) for _ in a.shape))]
    view[...] = a
    return view


def backwards(a):
    turn = tuple(slice(None, None, -1) for _ in a.shape)
    return a[turn].copy()[turn] if a.ndim else a.copy()


def read_only(a):
    a = a.copy()
    a.flags.writeable = False
    return a


LAYOUTS = (contiguous, fortran, strided, backwards, read_only)


def laid_out(value, how):
    """A copy of an argument, its arrays laid out by `how`."""
    if isinstance(value, np.ndarray):
        return how(value)
    if type(value) is dict:
        return {k: laid_out(v, how) for k, v in value.items()}
    if type(value) in (list, tuple):
        return type(value)(laid_out(v, how) for v in value)
    if isinstance(value, tuple):
        return type(value)(*[laid_out(v, how) for v in value])
    return copy.deepcopy(value)


def state(value):
    """All there is to see of a value: identities, types, layouts, and the bytes behind every array, gaps included."""
    if isinstance(value, np.ndarray):
        base = value
        while isinstance(base.base, np.ndarray):
            base = base.base
        return (id(value), value.dtype, value.shape, value.strides, value.flags.writeable, base.tobytes("A"))
    if isinstance(value, dict):
        return (id(value), type(value), [(k, state(v)) for k, v in value.items()])
    if isinstance(value, (list, tuple)):
        return (id(value), type(value), [state(v) for v in value])
    return (id(value), type(value), repr(value))


def quietly(f, *args):
    with contextlib.redirect_stdout(io.StringIO()):
        return f(*args)


def check_ownership(results, others):
    """Arrays in `results` are writable, and share memory with nothing else there or in `others`."""
    found = list(numeric.arrays(results))
    assert all(a.flags.writeable for a in found)
    assert not any(np.may_share_memory(a, b) for a, b in itertools.combinations(found, 2)), "with each other"
    assert not numeric.share_memory(found, others), "with what the caller or the primal has"
    return found


def check_reverse(entry, given, want):
    """Value and gradients; then the gradients are overwritten, and a second call finds nothing of that."""
    before = state(given)
    value, gradient = quietly(modes.value_and_gradient, entry, given)
    assert state(given) == before, "the caller's data has changed"
    assert numeric.identical(value, want), f"value {value!r} instead of {want!r}"
    for i, g in zip(entry.wanted, gradient, strict=True):
        assert numeric.mirrors(g, given[i]) is None
    first = copy.deepcopy(gradient)
    for array in check_ownership(gradient, [given, value]):
        array[...] = 99
    assert state(given) == before, "the caller's data has changed with a gradient"
    again, second = quietly(modes.value_and_gradient, entry, given)
    assert numeric.identical(again, want) and numeric.identical(second, first), "a second call gives something else"
    assert not numeric.share_memory(second, gradient)
    return first


def check_forward(entry, given, want, gradient, how):
    """The tangent agrees with the gradient; neither arguments nor directions have changed."""
    drawn = {i: numeric.direction(given[i], np.random.default_rng([7, i])) for i in entry.wanted}
    along = {i: laid_out(d, how) for i, d in drawn.items()}
    before = state((given, along))
    value, tangent = quietly(modes.pushforward, entry, given, along)
    assert state((given, along))[2][0] == before[2][0], "the caller's data has changed"
    assert state((given, along))[2][1] == before[2][1], "the directions have changed"
    assert numeric.identical(value, want)
    if gradient is None:
        return
    paired = sum(numeric.inner(g, drawn[i]) for g, i in zip(gradient, entry.wanted, strict=True))
    tolerance = 1e-4 if numeric.single_precision(given) else 1e-11
    assert numeric.close(float(tangent), paired, tolerance, abs(float(want)))


@every_promised("forward")
def test_every_layout(entry, k, mode):
    args = entry.inputs[k]
    ways = LAYOUTS if list(numeric.arrays(args)) else (contiguous,)
    for how in ways:
        try:
            want = quietly(entry.fn, *laid_out(args, how))
        except ValueError:
            assert how is read_only  # the primal writes to it: its copy can be written to
            continue
        given = laid_out(args, how)
        with modes.compiling(mode):
            gradient = None
            try:
                gradient = check_reverse(entry, given, want) if entry.is_promised("reverse", mode) else None
            except srcad.UnsupportedSyntax as error:  # whether reshaping copies depends on the layout
                assert how is not contiguous and located(error) and "what may be a view" in error.what
            check_forward(entry, given, want, gradient, how)


# --- one array for two arguments ------------------------------------------------------------------------------------


def pairs(args):
    """The positions of arguments that could be one array."""
    alike = [(i, (a.shape, a.dtype)) for i, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
    return [(i, j) for (i, a), (j, b) in itertools.combinations(alike, 2) if a == b]


@every_promised("reverse")
def test_the_same_array_twice(entry, k, mode):
    """The value is the primal's. Moving the array moves all its names: the sum of the gradients where nothing changes
    in place, either of them where something does.
    """
    for i, j in pairs(entry.inputs[k]):

        def call(array):
            args = list(copy.deepcopy(entry.inputs[k]))
            args[i] = args[j] = array
            return tuple(args)

        array = entry.inputs[k][i].astype(np.float64)
        try:
            want = quietly(entry.fn, *call(array.copy()))
        except (ValueError, ArithmeticError, np.linalg.LinAlgError):
            continue
        given = call(array.copy())
        before = state(given)
        df = srcad.value_and_grad(entry.fn, (i, j))
        with modes.compiling(mode):
            try:
                value, (first, second) = quietly(df, *given)
            except srcad.UnsupportedSyntax as error:
                assert located(error), error
                continue
            assert state(given) == before, "the caller's data has changed"
            assert numeric.identical(value, want), f"value {value!r} instead of {want!r}"
            check_ownership((first, second), [given])
            along = numeric.direction(array, np.random.default_rng(5))
            with np.errstate(all="ignore"):
                slope = numeric.central(lambda a: quietly(entry.fn, *call(a)), (array,), {0: along})
            together = bool(df._last.sharing)
            got = np.sum(first * along) if together else np.sum((first + second) * along)
            assert not together or numeric.identical(first, second)
            assert numeric.close(float(got), slope, max(entry.rtol, 1e-6), abs(float(want))), (got, slope)
