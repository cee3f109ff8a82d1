"""`numpy.einsum`, in all its forms: implicit output, repeated indices, ellipsis, operands with lists of axes.

The cotangent of an operand is again an einsum, of ``ans_bar`` and the other operands. An index that only this operand
has was summed: its cotangent is constant along it. An index that the operand repeats takes a diagonal: its cotangent is
zero elsewhere. What the strings say is worked out while compiling where the numbers of axes are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from srcad.rules import adjoint, sample, tangent
from srcad.templates._array_helpers import sum_to

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@adjoint(np.einsum, wrt=("operands",), kind="einsum", views=("operands",))
def einsum(*operands, optimize=False, ans, ans_bar):
    """One cotangent for each array; None for the subscripts."""
    if isinstance(operands[0], str):
        terms, output = explicit_terms(operands[0], [np.ndim(x) for x in operands[1:]])
        return [None] + [
            operand_cotangent(k, terms, output, operands[1:], ans_bar, optimize) for k in range(len(operands) - 1)
        ]
    arrays = operands[: len(operands) // 2 * 2 : 2]
    subscripts = subscripts_of_lists(operands)
    terms, output = explicit_terms(subscripts, tuple(np.ndim(x) for x in arrays))
    cotangents = [None] * len(operands)
    for k in range(len(arrays)):
        cotangents[2 * k] = operand_cotangent(k, terms, output, arrays, ans_bar, optimize)
    return cotangents


@tangent(np.einsum)
def einsum_tangent(*operands, optimize=False, ans, operands_dot):
    """The sum over the arrays that vary of the einsum with that array replaced by its tangent."""
    total = 0.0
    first = True
    for k in range(len(operands)):
        if isinstance(operands[k], (str, list)) or (np.ndim(operands_dot[k]) == 0 and np.ndim(operands[k]) > 0):
            continue
        term = np.einsum(*operands[:k], operands_dot[k], *operands[k + 1 :], optimize=optimize)
        total = term if first else total + term
        first = False
    return total


def operand_cotangent(k: int, terms: tuple[str, ...], output: str, arrays: Sequence[Any], ans_bar, optimize):
    """The cotangent of the k-th array."""
    term = terms[k]
    others = terms[:k] + terms[k + 1 :]
    kept = kept_letters(term, others, output)
    subscripts = ",".join((output, *others)) + "->" + kept
    g = np.einsum(subscripts, ans_bar, *arrays[:k], *arrays[k + 1 :], optimize=optimize)
    if kept != term:
        g = with_all_letters(g, kept, term, arrays[k])
    return sum_to(g, arrays[k])


def kept_letters(term: str, others: tuple[str, ...], output: str) -> str:
    """The letters of a term, each once, that the output or another term has too."""
    elsewhere = output + "".join(others)
    return "".join(c for i, c in enumerate(term) if c in elsewhere and c not in term[:i])


def with_all_letters(g, kept: str, term: str, x):
    """From axes `kept` to axes `term`: constant along letters that are missing, on the diagonal of repeated ones."""
    distinct = "".join(c for i, c in enumerate(term) if c not in term[:i])
    lengths = tuple(np.shape(g)[kept.index(c)] if c in kept else 1 for c in distinct)
    g = np.reshape(g, lengths)
    if distinct == term:
        return np.broadcast_to(g, tuple(map(max, np.shape(x), np.shape(g))))
    full = np.zeros(np.shape(x), dtype=g.dtype)
    np.einsum(term + "->" + distinct, full)[...] = g
    return full


def explicit_terms(subscripts: str, ndims: Sequence[int]) -> tuple[tuple[str, ...], str]:
    """The operands' and the output's letters: implicit output spelled out, each ``...`` replaced by letters.

    >>> explicit_terms("i...,ji", (2, 2))
    (('iZ', 'ji'), 'Zj')
    """
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    widths = [n - len(t) + 3 if "..." in t else 0 for t, n in zip(terms, ndims, strict=True)]
    spare = [c for c in reversed(LETTERS) if c not in subscripts][: max(widths)]
    dots = "".join(reversed(spare))
    if len(dots) < max(widths):
        raise ValueError("einsum: more axes than there are letters")
    if not arrow:
        named = left.replace(",", "").replace(".", "")
        right = "..." * ("..." in left) + "".join(c for c in sorted(set(named)) if named.count(c) == 1)
    spelled = [t.replace("...", dots[len(dots) - w :]) for t, w in zip(terms, widths, strict=True)]
    return tuple(spelled), right.replace("...", dots)


def subscripts_of_lists(operands: Sequence[Any]) -> str:
    """The string for ``einsum(a, [0, 1], b, [1, ...], [0])``."""
    lists = operands[1::2] if len(operands) % 2 == 0 else operands[1:-1:2]
    terms = ",".join(letters_of_list(axes) for axes in lists)
    return terms if len(operands) % 2 == 0 else terms + "->" + letters_of_list(operands[-1])


def letters_of_list(axes: Sequence[Any]) -> str:
    """The letters for one list of axes; capitals come first, so that an implicit output has NumPy's order."""
    order = "".join(sorted(LETTERS))
    return "".join("..." if axis is Ellipsis else order[axis] for axis in axes)


SAMPLES = [
    sample(np.einsum, "subscripts: =, a: (2, 3), b: (3, 4)", "ij,jk->ik"),
    sample(np.einsum, "subscripts: =, a: (2, 3) f4, b: (3, 4) f4", "ij,jk"),
    sample(np.einsum, "subscripts: =, a: (3,), b: (3,)", "i,i"),
    sample(np.einsum, "subscripts: =, a: (3, 3)", "ii"),
    sample(np.einsum, "subscripts: =, a: (3, 3)", "ii->i"),
    sample(np.einsum, "subscripts: =, a: (3, 2, 3), b: (3,)", "iji,i->j"),
    sample(np.einsum, "subscripts: =, a: (2, 3)", "ji"),
    sample(np.einsum, "subscripts: =, a: (2, 3), b: (4,)", "ij,k->k"),
    sample(np.einsum, "subscripts: =, a: (2, 3), b: (3, 4), c: (4, 2)", "ij,jk,kl->il", optimize=True),
    sample(np.einsum, "subscripts: =, a: (5, 2, 3), b: (3, 4)", "...ij,jk->...ik"),
    sample(np.einsum, "subscripts: =, a: (5, 2, 3), b: (5, 2, 3)", "b...,b...->..."),
    sample(np.einsum, "subscripts: =, a: (2, 3) c16, b: (3,)", "ij,j->i"),
    sample(np.einsum, "a: (2, 3), axes: =, b: (3, 4), more: =, out: =", [0, 1], [1, 2], [2, 0]),
    sample(np.einsum, "a: (2, 3), axes: =, b: (3, 4), more: =", [3, 1], [1, 2]),
]
