"""The programs of the bank, printed for numba. ``python -m tests.codegen.numba_bank``: compiled by it, and counted."""

import copy
import sys
from collections import Counter

import numpy as np

import srcad
from srcad.analysis.values import kinds_of
from srcad.callees import Callees
from srcad.codegen.dialects.numba import NUMBA
from srcad.codegen.load import load
from srcad.errors import SrcadError, UnsupportedSyntax
from srcad.pipeline import Job, run
from srcad.primals import Primal
from srcad.transform.request import Request
from tests.programs.bank import PROGRAMS


def printed(entry, args):
    """The gradient of a program as the text for numba defines it, and all of its arguments."""
    primal = Primal.of(entry.fn)
    values = primal.bind(entry.name, copy.deepcopy(args), {})
    request = Request(entry.wanted, isinstance(entry.argnums, int), name=f"{entry.name}_grad")
    kinds = kinds_of(values)
    job = run(Job(primal.function, kinds, request, "reverse", Callees(primal.function), dialect=NUMBA))
    return load(job.generated, job.program)[request.name], values


def same(found, wanted):
    """Whether two gradients are equal but for rounding: numbers, arrays and tuples of them."""
    if isinstance(wanted, tuple):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    return np.shape(found) == np.shape(wanted) and np.allclose(found, wanted, rtol=1e-9, atol=1e-12, equal_nan=True)


def main():
    import numba

    counts = Counter()
    for entry in PROGRAMS:
        args = entry.inputs[0]
        try:
            wanted = srcad.grad(entry.fn, entry.argnums)(*copy.deepcopy(args))
        except SrcadError:
            counts["without a gradient"] += 1
            continue
        try:
            gradient, values = printed(entry, args)
        except UnsupportedSyntax:
            counts["refused"] += 1
            continue
        compiled = numba.njit(gradient)
        right = same(compiled(*values), wanted)
        counts["compiled, equal to NumPy's" if right else "compiled, WRONG"] += 1
        if not right:
            print(f"{entry.name}: {compiled(*values)} instead of {wanted}")
    print(", ".join(f"{count} {what}" for what, count in counts.most_common()))
    return counts["compiled, WRONG"]


if __name__ == "__main__":
    sys.exit(main())
