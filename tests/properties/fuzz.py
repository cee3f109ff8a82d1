"""Running random programs: what each ended in, making a failing one smaller, and a ledger over a range of seeds.

``python -m tests.properties.fuzz 0 500`` prints the ledger of seeds 0 to 499 and the smallest form of each failure; a
third argument, a file such as ``tests/properties/ledger.jsonl``, gets a line with the numbers of the range.

How a program is compiled is drawn from its seed: the kinds of the arguments are known or not, the gradient comes with
the value or alone, with respect to some of the arguments or all, with all optimisations, none, or all but one.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import random
import re
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import srcad
from srcad.errors import InternalError, SrcadError
from srcad.passes import PASSES
from tests.programs import modes, numeric
from tests.programs.checks import wide
from tests.programs.test_programs import located
from tests.properties.flow import generate
from tests.properties.generator import Generated, Line, Suite, Tree

#: How a program can end. Only ``wrong`` and ``broken`` are failures.
OUTCOMES = ("agrees", "refused", "unstable", "wrong", "broken")

ARGNUMS = (0, 1, 2)


@dataclass(frozen=True)
class Way:
    """How a derivative is asked for.

    Args:
        mode: one of `modes.MODES`.
        with_value: `value_and_grad`, else `grad`.
        argnums: the arguments to differentiate.
        without: the optimisations that are switched off.
    """

    mode: str = "known"
    with_value: bool = True
    argnums: tuple[int, ...] = ARGNUMS
    without: tuple[str, ...] = ()


def way_of(seed: int, active: tuple[int, ...] = ARGNUMS) -> Way:
    """The way that a seed draws for a function with these active arguments; the plain one half of the time."""
    draw = random.Random(f"way {seed}")
    if draw.random() < 0.5:
        return Way(argnums=active)
    last = active[-1]
    argnums = draw.choice([active, active[:1], active[1:2], active[-1:], (0, last)])
    mode, with_value = draw.choice(modes.MODES), draw.random() < 0.5
    without = draw.choice([(), tuple(PASSES), ("inline",), (draw.choice(list(PASSES)),), (draw.choice(list(PASSES)),)])
    return Way(mode, with_value, argnums, without)


def way_for(program: Generated) -> Way:
    """The way that the seed of a program draws."""
    return way_of(program.seed, tuple(i for i, arg in enumerate(program.args) if numeric.is_active(arg)))


@contextmanager
def compiling(way: Way) -> Iterator[None]:
    """Compile as `way` says inside the ``with``."""
    with srcad.compile_options(kinds=way.mode == "known", without=way.without):
        yield


def load(program: Generated, folder: Path) -> Callable[..., Any]:
    """The function of the program, from a file of its own (srcad reads its source)."""
    stem = f"random_{program.seed}_{abs(hash_text(program.source))}"
    path = folder / f"{stem}.py"
    path.write_text(program.source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.f  # type: ignore[no-any-return]


def hash_text(text: str) -> int:
    """A number for a text, the same in every process."""
    return int.from_bytes(text.encode()[-64:], "big") % 10**9 + len(text)


def differences(fn: Callable[..., Any], args: tuple[Any, ...], along: dict[int, Any]) -> float | None:
    """The derivative by differences, or None where two steps disagree: a kink or a jump is near."""
    coarse = numeric.central(fn, args, along)
    fine = numeric.central(fn, args, along, numeric.STEP / 4.0)
    return coarse if np.isfinite(coarse) and numeric.close(fine, coarse, 1e-6, 1.0) else None


def outcome(program: Generated, folder: Path) -> tuple[str, str]:
    """One of `OUTCOMES`, and what there is to say about it."""
    return verdict(load(program, folder), program.args, way_for(program), program.seed)


def verdict(fn: Callable[..., Any], args: tuple[Any, ...], way: Way, seed: int = 0) -> tuple[str, str]:
    """How the derivatives of a function end, and what there is to say; `seed` is that of the directions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = fn(*copy.deepcopy(args))
            along = {i: numeric.direction(args[i], np.random.default_rng([seed, i])) for i in way.argnums}
            want = differences(fn, wide(args), wide(along))
        except Exception as error:
            return "unstable", f"the primal raises {error!r}"
        if want is None or not np.isfinite(value):
            return "unstable", "the differences are"
        given = copy.deepcopy(args)
        tangents = tuple(along.get(i) for i in range(len(args)))
        with compiling(way):
            reverse = attempt(lambda: differentiated(fn, way, given))
            forward = attempt(lambda: srcad.jvp(fn, given, tangents))
    ended = [end for end in (reverse, forward) if isinstance(end, Ended)]
    broken = next((end for end in ended if end.kind == "broken"), None)
    if broken is not None:
        return broken.kind, broken.text
    got, gradient = (value, None) if isinstance(reverse, Ended) else reverse
    tangent = None if isinstance(forward, Ended) else forward[1]
    found = judged(got if way.with_value else value, gradient, tangent, value, want, along, given, args)
    return found if found[0] == "wrong" or not ended else (ended[0].kind, ended[0].text)


@dataclass(frozen=True)
class Ended:
    """A derivative that there is none of: `kind` is "refused" or "broken"."""

    kind: str
    text: str


def attempt(derivative: Callable[[], tuple[Any, Any]]) -> tuple[Any, Any] | Ended:
    """What the derivative returns, or how it ended."""
    try:
        return derivative()
    except InternalError as error:
        return Ended("broken", str(error))
    except SrcadError as error:
        return Ended("refused" if located(error) else "broken", str(error))
    except Exception as error:
        return Ended("broken", f"{type(error).__name__}: {error}")


def differentiated(fn: Callable[..., Any], way: Way, args: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
    """Value (None where it is not asked for) and gradients."""
    if way.with_value:
        return srcad.value_and_grad(fn, way.argnums)(*args)
    return None, srcad.grad(fn, way.argnums)(*args)


def judged(
    got: Any,
    gradient: tuple[Any, ...] | None,
    tangent: Any | None,
    value: Any,
    want: float,
    along: dict[int, Any],
    given: tuple[Any, ...],
    args: tuple[Any, ...],
) -> tuple[str, str]:
    """Compare everything that came back with what it should be; a gradient or a tangent that is None did not."""
    scale, single = abs(float(value)), numeric.single_precision(args)
    if not numeric.identical(got, value):
        return "wrong", f"value {got!r} instead of {value!r}"
    if not numeric.identical(given, args):
        return "wrong", "the caller's data has changed"
    if gradient is not None:
        problem = next((m for i, g in zip(along, gradient, strict=True) if (m := numeric.mirrors(g, args[i]))), None)
        if problem:
            return "wrong", problem
        paired = sum(numeric.inner(g, along[i]) for i, g in zip(along, gradient, strict=True))
        if not numeric.close(paired, want, 1e-3 if single else 1e-5, scale):
            return "wrong", f"gradient {paired!r}, differences {want!r}"
        if tangent is not None and not numeric.close(float(tangent), paired, 1e-3 if single else 1e-9, scale):
            return "wrong", f"tangent {tangent!r}, gradient {paired!r}"
    elif tangent is not None and not numeric.close(float(tangent), want, 1e-3 if single else 1e-5, scale):
        return "wrong", f"tangent {tangent!r}, differences {want!r}"
    return "agrees", ""


def smaller(program: Generated, folder: Path, budget: int = 300) -> Generated:
    """A program that ends in the same kind of failure, with as many statements left out as `budget` trials find."""
    kind = outcome(program, folder)[0]
    improved = True
    while improved and budget > 0:
        improved = False
        for candidate in candidates(program):
            budget -= 1
            try:
                found = outcome(candidate, folder)[0] == kind
            except SyntaxError:
                found = False
            if found:
                program, improved = candidate, True
                break
            if budget <= 0:
                break
    return program


def candidates(program: Generated) -> Iterator[Generated]:
    """The programs with one statement less, or one compound statement replaced by its body."""
    for k, (name, parameters, tree) in enumerate(program.functions):
        for cut in cuts(tree):
            functions = (*program.functions[:k], (name, parameters, cut), *program.functions[k + 1 :])
            yield replace(program, functions=functions)
    for k in range(len(program.functions) - 1):
        yield replace(program, functions=(*program.functions[:k], *program.functions[k + 1 :]))


def cuts(tree: Tree) -> Iterator[Tree]:
    """The trees with one node less or opened."""
    for k, node in enumerate(tree):
        before, after = tree[:k], tree[k + 1 :]
        if not (isinstance(node, Line) and node.text.startswith("return") and not after):
            yield (*before, *after)
        if isinstance(node, Suite):
            yield (*before, *node.body, *after)
            if node.more:
                yield (*before, replace(node, more=()), *after)
            for body in cuts(node.body):
                yield (*before, replace(node, body=body), *after)


def ledger(seeds: range, folder: Path, *, minimise: bool = True, record: Path | None = None) -> dict[str, list[int]]:
    """The seeds by outcome; prints each failure, made smaller. The numbers become a line of the file `record`."""
    reasons: Counter[str] = Counter()
    found: dict[str, list[int]] = {name: [] for name in OUTCOMES}
    for seed in seeds:
        program = generate(seed)
        kind, text = outcome(program, folder)
        found[kind].append(seed)
        if kind == "refused":
            reasons[reason(text)] += 1
        if kind in ("wrong", "broken"):
            small = smaller(program, folder) if minimise else program
            print(f"--- seed {seed}: {kind}, {way_for(program)}\n{small.source}\n{outcome(small, folder)[1]}\n")
    if record is not None:
        counts = {name: len(members) for name, members in found.items()}
        line = {"seeds": [seeds.start, seeds.stop], **counts, "refusals": dict(reasons.most_common())}
        with record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    return found


def reason(text: str) -> str:
    """The first line of an error's text without the names of the program that it is about."""
    words = text.partition("\n")[0]
    return re.sub(r"^\w+ (is|changes) ", r"... \1 ", re.sub(r"'[^']*'", "'...'", words))


def main(arguments: list[str]) -> int:
    """The command: two numbers, first seed and the one after the last, and perhaps a file that records the runs."""
    first, last = map(int, arguments[:2])
    record = Path(arguments[2]) if len(arguments) > 2 else None
    with tempfile.TemporaryDirectory() as folder:
        found = ledger(range(first, last), Path(folder), record=record)
    for name in OUTCOMES:
        print(f"{name:9} {len(found[name]):5}  {found[name][:12]}")
    return 1 if found["wrong"] or found["broken"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
