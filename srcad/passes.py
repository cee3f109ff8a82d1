"""The optimisations by name. Each can be switched off: a derivative without it is longer or slower, never wrong.

``inline`` and what follows in the table are the names for `srcad.compile_options` and ``srcad dump --without``.
Whether they are right is tested with all of them on, all off, and each off alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: What each pass is for, in the order in which they run; and the file that it is in.
PASSES: dict[str, tuple[str, str]] = {
    "inline": ("short callees are written where they are called", "transform/inline.py"),
    "useful": ("no adjoints of what the result does not depend on", "analysis/activity.py"),
    "algebra": ("1.0 * x is x, constants are folded, facts about kinds are constants", "transform/algebra.py"),
    "broadcast": ("cotangents stay smaller than their values as long as they broadcast", "transform/broadcast.py"),
    "accumulate": ("cotangents that are ours alone are added to in place", "transform/reverse/cotangents.py"),
    "common": ("what was computed is not computed again", "transform/common.py"),
    "lengths": ("shapes are asked of what is there anyway", "transform/lengths.py"),
    "logistic": ("derivatives of logistic functions are written with their values", "transform/logistic.py"),
    "restore": ("only stores whose old values are read are undone", "transform/restore.py"),
    "recompute": ("what is cheaper to compute than to save is computed again", "transform/recompute.py"),
    "dead": ("lines of the function that cannot raise and that no adjoint reads go", "transform/cleanup.py"),
    "zeros": ("buffers are set to zero where that matters", "transform/zeros.py"),
    "propagate": ("constants and copies are written where they are used", "transform/propagate.py"),
    "elide": ("no copies of what does not change", "transform/elide.py"),
    "results": ("no copies of gradients that nobody else holds", "transform/results.py"),
    "views": ("views are taken again where they are used", "transform/rederive.py"),
    "sink": ("adjoints are computed where they are used", "transform/sink.py"),
    "sums": ("contributions that follow one another are one expression", "transform/sums.py"),
    "forwards": ("loops that need no number of their pass run forwards", "transform/counted.py"),
    "fills": ("what is put into a new buffer of zeros first is stored", "transform/fills.py"),
    "reuse": ("what is computed from a cotangent that is used up takes its memory", "transform/reuse.py"),
    "signs": ("signs stand where they cost least", "transform/signs.py"),
    "bundle": ("what a pass of a loop keeps is kept in one list", "transform/bundle.py"),
    "fold": ("temporaries that are used once are written in place", "codegen/folding.py"),
}

_off: ContextVar[frozenset[str]] = ContextVar("passes_off", default=frozenset())


def is_on(name: str) -> bool:
    """Whether a pass runs."""
    assert name in PASSES, name
    return name not in _off.get()


def switched_off() -> frozenset[str]:
    """The passes that do not run."""
    return _off.get()


@contextmanager
def without(names: Iterable[str]) -> Iterator[None]:
    """Switch passes off inside the ``with``, beside those that are off already.

    Raises:
        ValueError: there is no pass of that name.

    >>> with without(["common"]):
    ...     is_on("common"), is_on("dead")
    (False, True)
    """
    off = frozenset(names)
    unknown = sorted(off - PASSES.keys())
    if unknown:
        raise ValueError(f"there is no pass {', '.join(map(repr, unknown))}; passes are {', '.join(PASSES)}")
    token = _off.set(_off.get() | off)
    try:
        yield
    finally:
        _off.reset(token)
