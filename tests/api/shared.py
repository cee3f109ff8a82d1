"""Arguments that share memory, and the derivative along a change of that memory by differences.

A case is a function, and a function that lays its arguments out in a memory of `SIZE` numbers. What an argument stands
for is found by laying out the addresses: ``layout(np.arange(SIZE))``.
"""

import numpy as np

import srcad
from tests.programs import modes, numeric

SIZE = 24
STEP = 1e-5
RTOL = 1e-6


def memory(seed=3):
    return np.random.default_rng(seed).uniform(0.5, 1.5, SIZE)


def arrays(value):
    return [leaf for leaf in numeric.leaves(value) if isinstance(leaf, np.ndarray)]


def slope(f, layout, position, number, along):
    """The derivative of `f` along a change of the memory behind one array of one argument, seen by all names."""
    places = arrays(layout(np.arange(float(SIZE)))[position])[number].astype(int)

    def at(t):
        moved = memory()
        np.add.at(moved, places, t * along)
        return f(*layout(moved))

    return (at(STEP) - at(-STEP)) / (2 * STEP)


def directions(args, position, number, along):
    """Tangents for `jvp`: `along` for one array of one argument, zero for the others, None for other arguments."""
    count = -1

    def tangent(leaf):
        nonlocal count
        count += isinstance(leaf, np.ndarray)
        return np.zeros_like(leaf) if not (isinstance(leaf, np.ndarray) and count == number) else along

    return tuple(numeric.tree_map(tangent, arg) if k == position else None for k, arg in enumerate(args))


def close(got, want):
    return abs(got - want) <= RTOL * max(1.0, abs(want))


def check(f, layout, argnums, mode, *, reverse=True):
    """Values bit for bit, both modes against differences, the memory untouched, gradients in memory of their own."""
    own = memory()
    args = layout(own)
    value = f(*layout(memory()))
    gradients = dict.fromkeys(argnums)
    with modes.compiling(mode):
        if reverse:
            got, found = srcad.value_and_grad(f, argnums)(*args)
            assert numeric.identical(got, value), f"value {got!r} instead of {value!r}"
            gradients = dict(zip(argnums, found, strict=True))
            fresh = arrays(found)
            assert all(g.flags.writeable and not np.may_share_memory(g, own) for g in fresh)
            assert not any(np.may_share_memory(g, h) for k, g in enumerate(fresh) for h in fresh[:k])
        for position in argnums:
            for number, array in enumerate(arrays(args[position])):
                along = np.random.default_rng([position, number]).normal(size=array.shape)
                want = slope(f, layout, position, number, along)
                got, tangent = srcad.jvp(f, args, directions(args, position, number, along))
                assert numeric.identical(got, value), f"value {got!r} instead of {value!r} in forward mode"
                assert close(tangent, want), f"tangent {tangent!r}, differences {want!r}"
                if reverse:
                    g = arrays(gradients[position])[number]
                    assert g.shape == array.shape and g.dtype == array.dtype
                    assert close(np.sum(g * along), want), f"gradient {np.sum(g * along)!r}, differences {want!r}"
    assert numeric.identical(own, memory()), "the caller's memory has changed"
