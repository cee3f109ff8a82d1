"""The adjoint of one call: from the cotangent of its result to those of its arguments.

Primitives bring their templates; the operations of the language (displays, subscripts, copies) are here. Stores are in
`stores`, branches and loops in `regions`.
"""

from __future__ import annotations

import inspect
import itertools
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from srcad import runtime
from srcad.analysis.memory import index_form, view_of
from srcad.errors import InternalError, MissingRule, UnsupportedSyntax
from srcad.ir import ops
from srcad.ir.atoms import MISSING, constant
from srcad.ir.kinds import Array, Dict, Kind, List, Numeric, Scalar, Slice, Tuple, Unknown, may_be_active
from srcad.ir.nodes import Atom, Call, Const, Star, Var
from srcad.rules import Rule, Template
from srcad.transform.algebra import is_zero
from srcad.transform.broadcast import unbroadcast
from srcad.transform.builder import Builder
from srcad.transform.callees import require_rule, unknown_callee
from srcad.transform.expand import Seq, Value, expand, materialise
from srcad.transform.reverse.cotangents import Path, Scope, State, add_in_place, bar, full, leaves, parts, subkind
from srcad.transform.reverse.masking import harmless, is_masked

Active = frozenset[Var]


def whole(scope: Scope, var: Var) -> Value | None:
    """Take the cotangent of `var`: one atom, or a `Seq` that mirrors a tuple; None where it is zero."""
    inner = parts(var.kind)
    if inner is None:
        return _taken(scope, var, (), var.kind)
    states = [_taken(scope, var, path, kind) for path, kind in leaves(var.kind)]
    direct = scope.take((var, ()))
    if direct is not None:
        spread_buffer(scope, var, direct, states)
        states = [_taken(scope, var, path, kind) for path, kind in leaves(var.kind)]
    if all(s is None for s in states):
        return None
    found = iter(states)
    return _assembled(scope, var, (), var.kind, lambda: next(found))


def spread_buffer(scope: Scope, var: Var, direct: State, states: Sequence[Value | None] = ()) -> None:
    """Give the items of a buffer, made for subscripts known only at run time, to the parts of the structure."""
    for (path, kind), known in itertools.zip_longest(leaves(var.kind), states):
        if not may_be_active(kind):
            continue
        item: Atom = direct.atom
        for key in path:
            item = scope.b.call(operator.getitem, item, Const(key))
        scope.add((var, path), item)
        if known is not None and not isinstance(known, Seq):
            scope.add((var, path), known)


def _taken(scope: Scope, var: Var, path: Path, kind: Kind) -> Value | None:
    state = scope.take((var, path))
    if isinstance(kind, List) and path == ():
        return _with_items(scope, var, state)
    return None if state is None else state.atom


def _with_items(scope: Scope, var: Var, state: State | None) -> Value | None:
    """A list's cotangent from its buffer and from cotangents of single items."""
    items = {slot[1]: found.atom for slot, found in scope.states.items() if slot[0] == var and slot[1]}
    for path in items:
        scope.take((var, path))
    if not items:
        return None if state is None else state.atom
    if state is None:
        scope.buffer((var, ()))
        taken = scope.take((var, ()))
        assert taken is not None
        state = taken
    for path, atom in items.items():
        target = state.atom
        for key in path[:-1]:
            target = scope.b.call(operator.getitem, target, Const(key))
        add_to_entry(scope.b, target, Const(path[-1]), atom)
    return state.atom


def _assembled(scope: Scope, var: Var, path: Path, kind: Kind, following: Callable[[], Value | None]) -> Value:
    inner = parts(kind)
    if inner is None:
        atom = following()
        return zero_like(scope, (var, path)) if atom is None else atom
    return Seq([_assembled(scope, var, (*path, key), k, following) for key, k in inner])


def zero_like(scope: Scope, slot: tuple[Var, Path]) -> Atom:
    """A zero for a part whose cotangent is needed as a value: a number where that broadcasts."""
    kind = subkind(slot[0].kind, slot[1])
    if isinstance(kind, (Scalar, Array)) or not may_be_active(kind):
        return Const(0.0)
    return scope.b.append(runtime.zeros_like, (scope.primal(slot),), kind=kind)


def give(scope: Scope, atom: Atom, value: Value, *, path: Path = (), owned: bool = False) -> None:
    """Add the cotangent `value` (an atom, or a `Seq` in parts) to that of `atom`."""
    if not isinstance(atom, Var) or not may_be_active(atom.kind):
        return
    kind = subkind(atom.kind, path)
    inner = parts(kind)
    if inner is None and isinstance(value, Seq):
        if isinstance(kind, List) and not path and not scope.memory.is_mutated(atom) and not scope.in_loop_for(atom):
            for k, item in enumerate(value.items):
                give(scope, atom, item, path=(*path, k), owned=owned)
            return
        value = materialise(scope.b, value)
    if inner is None:
        assert not isinstance(value, Seq)
        if not (isinstance(value, Const) and value.value is None):
            _give_leaf(scope, atom, path, value, owned)
        return
    for k, (key, part) in enumerate(inner):
        if may_be_active(part):
            item = value.items[k] if isinstance(value, Seq) else scope.b.call(operator.getitem, value, Const(key))
            give(scope, atom, item, path=(*path, key))


def _give_leaf(scope: Scope, var: Var, path: Path, g: Atom, owned: bool) -> None:
    root = scope.memory.root(var)
    if path and not isinstance(var.kind, Tuple) and scope.memory.is_mutated(var):
        _add_to_item(scope, var, Const(path[0]), path[1:], State(g))
        return
    if path == () and root is not None and root != var:
        call = scope.memory.defined.get(var)
        if call is not None and call.fn == Const(operator.getitem) and isinstance(scope.b.kind(call.args[0]), Array):  # type: ignore[arg-type]
            base, index = call.args
            add_indexed(scope.b, shadow(scope, base), index, g)  # type: ignore[arg-type]
        else:
            add_in_place(scope.b, shadow(scope, var), g)
        return
    scope.add((var, path), g, owned=owned)


def shadow(scope: Scope, var: Var) -> Atom:
    """The cotangent buffer of memory that is changed in place: the root's own, or the same view of it that `var` is."""
    root = scope.memory.root(var)
    if root is None or root == var:
        return scope.buffer((var, ()))
    call = scope.memory.defined.get(var)
    bases = None if call is None else view_of(call)
    if call is not None and (isinstance(call.fn, Var) or call.fn == Const(ops.call_method)):
        raise unknown_callee(call)
    if call is None or bases is None or len(bases) != 1 or not isinstance(bases[0], Var):
        raise UnsupportedSyntax(
            f"{var.name or 'an array'} is changed in place through a name whose memory cannot be followed",
            where=scope.b.loc,
            remedy="change the array itself, or a copy of it",
        )
    base = bases[0]
    inner = shadow(scope, base)
    args = tuple(inner if a == base else a for a in call.args)
    return scope.b.append(call.fn, args, call.kwargs)


def reverse_call(scope: Scope, call: Call, active: Active) -> None:
    """Write the adjoint of a call that is not a store."""
    if call.target not in active:
        return
    fn = call.fn.value if isinstance(call.fn, Const) else None
    if fn in (operator.add, operator.mul) and isinstance(call.target.kind, (Tuple, List)):
        reverse_sequence_arithmetic(scope, call)
        return
    special = _LANGUAGE.get(fn) if fn is not None and _hashable(fn) else None
    if special is not None:
        special(scope, call, active)
        return
    ans_bar = whole(scope, call.target)
    if ans_bar is None:
        return
    reverse_primitive(scope, call, active, ans_bar)


def _hashable(fn: object) -> bool:
    try:
        hash(fn)
    except TypeError:
        return False
    return True


# --- primitives ------------------------------------------------------------------------------------------------------


def bind(rule: Rule, call: Call) -> Mapping[str, Atom | tuple[Atom, ...]]:
    """The template's parameters for a call."""
    bound = rule.bind(call.args, call.kwargs, where=call.loc)
    if bound is None:
        raise MissingRule(
            f"the arguments of {rule.name} cannot be matched while compiling",
            where=call.loc,
            why="its derivative template needs to know which argument is which",
            remedy="write the arguments out instead of *args or **kwargs",
        )
    return bound


def reverse_primitive(scope: Scope, call: Call, active: Active, ans_bar: Value) -> None:
    """The adjoint of a primitive from its template."""
    rule = require_rule(call)
    if rule.nondifferentiable:
        return
    bound = bind(rule, call)
    wanted = [name for name in rule.wrt if _any_active(bound.get(name), active)]
    refuse_inactive(rule, call, bound, lambda atom: isinstance(atom, Var) and atom in active)
    if rule.partials is not None:
        _reverse_partials(scope, call, rule, rule.partials, bound, wanted, ans_bar)
        return
    assert rule.adjoint is not None
    known = all(not isinstance(k, (Numeric, Unknown)) for k in _kinds(scope.b, bound, wanted))
    if not rule.smaller or not known:
        ans_bar = _full(scope.b, ans_bar, call.target)
    mark = scope.b.mark()
    result = apply_template(scope.b, rule.adjoint, {**bound, "ans": call.target, "ans_bar": ans_bar})
    cotangents = [result] if len(rule.wrt) == 1 else _unpacked(scope.b, result, len(rule.wrt))
    for name, g in zip(rule.wrt, cotangents, strict=True):
        if name not in wanted:
            continue
        value = bound[name]
        if isinstance(value, tuple):
            for item, part in zip(value, _unpacked(scope.b, g, len(value)), strict=True):
                owned = _is_new(scope.b, part, mark, cotangents)
                give(scope, item, _fitted(scope, rule, item, part, call), owned=owned)
        else:
            give(scope, value, _fitted(scope, rule, value, g, call), owned=_is_new(scope.b, g, mark, cotangents))


def _fitted(scope: Scope, rule: Rule, arg: Atom, g: Value, call: Call) -> Value:
    if isinstance(g, Seq):
        return g
    if rule.broadcasts:
        return unbroadcast(scope.b, g, arg, call.target)
    if isinstance(scope.b.kind(arg), (Numeric, Unknown)) and rule.smaller:
        return scope.b.call(runtime.broadcast_like, g, arg)
    return g


def _kinds(b: Builder, bound: Mapping[str, Atom | tuple[Atom, ...]], names: Sequence[str]) -> list[Kind]:
    found: list[Kind] = []
    for name in names:
        value = bound[name]
        found += [b.kind(a) for a in (value if isinstance(value, tuple) else (value,))]
    return found


def _any_active(value: Atom | tuple[Atom, ...] | None, active: Active) -> bool:
    atoms = value if isinstance(value, tuple) else (value,)
    return any(isinstance(a, Var) and a in active for a in atoms)


def refuse_inactive(
    rule: Rule, call: Call, bound: Mapping[str, Atom | tuple[Atom, ...]], varies: Callable[[Atom], bool]
) -> None:
    """An active argument in a place for which the rule states no derivative is an error, not a zero."""
    for name, value in bound.items():
        if name not in rule.wrt and any(map(varies, value if isinstance(value, tuple) else (value,))):
            raise MissingRule(
                f"{rule.name} has no derivative with respect to {name!r}",
                where=call.loc,
                why="this argument depends on an input of the derivative",
                remedy=f"wrap it in srcad.stop_gradient(...) if its derivative is to be left out, or register a rule "
                f"with {name!r} in wrt",
            )


def _full(b: Builder, ans_bar: Value, ans: Var) -> Value:
    if not isinstance(ans_bar, Seq):
        return full(b, ans_bar, ans, ans.kind)
    return ans_bar


def _unpacked(b: Builder, value: Value, count: int) -> list[Value]:
    if isinstance(value, Seq):
        if len(value.items) != count:
            raise InternalError(f"a template returned {len(value.items)} cotangents for {count} arguments", where=b.loc)
        return list(value.items)
    return [b.call(operator.getitem, value, Const(k)) for k in range(count)]


def _is_new(b: Builder, g: Value, mark: int, all_given: Sequence[Value]) -> bool:
    """Whether `g` was allocated by the statements since `mark` and is given to one argument only."""
    if not isinstance(g, Var) or sum(g is other for other in all_given) > 1:
        return False
    made = [s for s in b.stmts[mark:] if isinstance(s, Call)]
    fresh = any(s.target == g and view_of(s) is None for s in made)
    return fresh and not any(g in (view_of(s) or ()) for s in made)


def _reverse_partials(
    scope: Scope,
    call: Call,
    rule: Rule,
    template: Template,
    bound: Mapping[str, Atom | tuple[Atom, ...]],
    wanted: Sequence[str],
    ans_bar: Value,
) -> None:
    b = scope.b
    ans_bar = materialise(b, ans_bar)
    if any(isinstance(k, (Numeric, Unknown)) for k in _kinds(b, bound, wanted)):
        ans_bar = full(b, ans_bar, call.target, call.target.kind)
    mark = b.mark()
    values: dict[str, Any] = {**bound, "ans": call.target}
    if rule.singular and isinstance(call.target.kind, Array) and is_masked(b, ans_bar):
        ans_bar = full(b, ans_bar, call.target, call.target.kind)
        values = harmless(b, rule, call, values, ans_bar)
    result = apply_template(b, template, values)
    partials = [result] if len(rule.wrt) == 1 else _unpacked(b, result, len(rule.wrt))
    given: list[tuple[Atom, Atom]] = []
    for name, partial in zip(rule.wrt, partials, strict=True):
        arg = bound[name]
        if name not in wanted:
            continue
        for item, factor in _pairs(b, arg, partial):
            g = b.call(operator.mul, materialise(b, factor), ans_bar)
            given.append((item, unbroadcast(b, g, item, call.target)))
    for item, g in given:
        give(scope, item, g, owned=_is_new(b, g, mark, [other for _, other in given]))


def _pairs(b: Builder, arg: Atom | tuple[Atom, ...], partial: Value) -> list[tuple[Atom, Value]]:
    if not isinstance(arg, tuple):
        return [(arg, partial)]
    return list(zip(arg, _unpacked(b, partial, len(arg)), strict=True))


def apply_template(
    b: Builder, template: Template, values: Mapping[str, Any], *, zeros_of: Mapping[str, Any] | None = None
) -> Value:
    """The body of a template for these parameters, written in place; a call of it where that is not possible.

    `zeros_of` gives, for parameters that may be the symbolic zero, the value whose zero it is: a call needs a real one.
    """
    names = [p.name for p in template.ssa.body.params]
    args: list[Value] = [Seq(list(v)) if isinstance(v := values[n], tuple) else v for n in names]
    result = expand(b, template.ssa, args)
    if result is not None:
        return result
    positional: list[Atom | Star] = []
    keywords: list[tuple[str | None, Atom]] = []
    for param in inspect.signature(template.function).parameters.values():
        value = values[param.name]
        if is_zero(value) and zeros_of and isinstance(b.kind(zeros_of[param.name]), Array):
            value = b.append(np.zeros_like, (zeros_of[param.name],))
        if param.kind is param.VAR_POSITIONAL:
            positional += [materialise(b, v) for v in value]
        elif param.kind is param.KEYWORD_ONLY:
            keywords.append((param.name, materialise(b, value)))
        else:
            positional.append(materialise(b, Seq(list(value)) if isinstance(value, tuple) else value))
    return b.append(Const(template.function), positional, keywords, kind=Unknown())


# --- operations of the language --------------------------------------------------------------------------------------


def _display(scope: Scope, call: Call, active: Active) -> None:
    """``(a, b)`` and ``[a, b]``."""
    if any(isinstance(a, Star) for a in call.args):
        _starred_display(scope, call)
        return
    target = call.target
    listed = scope.take((target, ()))
    for k, item in enumerate(call.args):
        if isinstance(item, Star):
            continue
        for path, _ in list(leaves(scope.b.kind(item))):
            state = scope.take((target, (k, *path)))
            if state is not None:
                give(scope, item, state.atom, path=path, owned=state.owned)
        if listed is not None:
            give(scope, item, scope.b.call(operator.getitem, listed.atom, Const(k)))


def _starred_display(scope: Scope, call: Call) -> None:
    """``[a, *xs, b]``: items and stretches of the cotangent, by position."""
    value = whole(scope, call.target)
    if value is None:
        return
    b = scope.b
    at: Atom = Const(0)
    for item in call.args:
        if isinstance(item, Star):
            stop = b.call(operator.add, at, _length_of(b, item.value))
            _give_part(scope, item.value, value, at, stop)
            at = stop
            continue
        known = isinstance(value, Seq) and isinstance(at, Const)
        part = value.items[at.value] if known else b.append(operator.getitem, (materialise(b, value), at))  # type: ignore[union-attr]
        give(scope, item, part)
        at = b.call(operator.add, at, Const(1))


def _merge_dicts(scope: Scope, call: Call, active: Active) -> None:
    """``{**a, **b}``: each entry goes to the last dict that has its key."""
    value = whole(scope, call.target)
    kind = call.target.kind
    if value is None:
        return
    if not isinstance(kind, Dict) or kind.items is None:
        raise UnsupportedSyntax(
            "dicts whose keys are not known while compiling are merged, and carry a derivative",
            where=call.loc,
            remedy="build the dict entry by entry",
        )
    for (key, _), item in zip(kind.items, _unpacked(scope.b, value, len(kind.items)), strict=True):
        for source in reversed(call.args):
            found = scope.b.kind(source) if isinstance(source, Var) else None
            if isinstance(found, Dict) and found.items is not None and key in dict(found.items):
                assert isinstance(source, Var)
                give(scope, source, item, path=(key,))
                break


def _sorted(scope: Scope, call: Call, active: Active) -> None:
    """``sorted(xs)``: each cotangent goes to where its item came from."""
    value = whole(scope, call.target)
    if value is None or isinstance(call.args[0], Star):
        return
    options = dict(call.kwargs)
    if "key" in options:
        raise UnsupportedSyntax(
            "sorted with a key that srcad cannot look into carries a derivative",
            where=call.loc,
            remedy="sort the indices, as in: order = np.argsort(...)",
        )
    source = call.args[0]
    args = (materialise(scope.b, value), source, options.get("reverse", Const(False)))
    give(scope, source, scope.b.append(runtime.unsorted, args, kind=scope.b.kind(source)))


def _sum(scope: Scope, call: Call, active: Active) -> None:
    """Builtin `sum` of a list whose length is only known at run time: every item gets the cotangent of the sum."""
    source = call.args[0]
    single = len(call.args) == 1 and not call.kwargs
    if single and isinstance(source, Var) and isinstance(source.kind, List) and isinstance(source.kind.item, Scalar):
        ans_bar = whole(scope, call.target)
        if ans_bar is not None:
            b = scope.b
            one = b.append(ops.make_list, (materialise(b, ans_bar),))
            items = b.append(operator.mul, (one, b.call(len, source)), kind=List(Scalar("f8")))
            give(scope, source, items, owned=True)
        return
    ans_bar = whole(scope, call.target)
    if ans_bar is not None:
        reverse_primitive(scope, call, active, ans_bar)


def _dict_display(scope: Scope, call: Call, active: Active) -> None:
    target = call.target
    listed = scope.take((target, ()))
    pairs = list(zip(call.args[::2], call.args[1::2], strict=True))
    for key, item in pairs:
        if isinstance(key, Star) or isinstance(item, Star):
            continue
        if isinstance(key, Const):
            for path, _ in list(leaves(scope.b.kind(item))):
                state = scope.take((target, (key.value, *path)))
                if state is not None:
                    give(scope, item, state.atom, path=path, owned=state.owned)
        if listed is not None:
            give(scope, item, scope.b.call(operator.getitem, listed.atom, key))


def _identity(scope: Scope, call: Call, active: Active) -> None:
    value = whole(scope, call.target)
    source = call.args[0]
    if value is None or isinstance(source, Star):
        return
    if isinstance(value, Const) and scope.b.definition(source) is None:
        # A seed that enters a loop: a line of its own, under the statement that it comes from.
        value = scope.b.append(ops.identity, (value,), name=bar(source.name if isinstance(source, Var) else ""))
    give(scope, source, value)


def _unpack(scope: Scope, call: Call, active: Active) -> None:
    """``a, b = value``: the parts are read by subscripts of the unpacked tuple."""
    source, before = call.args[0], call.args[1]
    after = call.args[2] if len(call.args) > 2 else Const(-1)
    assert not (isinstance(source, Star) or isinstance(before, Star) or isinstance(after, Star))
    if not isinstance(after, Const) or after.value >= 0:
        _unpack_starred(scope, call, source, before, after)
        return
    assert isinstance(before, Const)
    for k in range(before.value):
        kind = subkind(call.target.kind, (k,))
        for path, _ in list(leaves(kind)):
            state = scope.take((call.target, (k, *path)))
            if state is not None:
                give_item(scope, source, Const(k), path, state)


def _unpack_starred(scope: Scope, call: Call, source: Atom, before: Atom, after: Atom) -> None:
    assert isinstance(before, Const) and isinstance(after, Const)
    count = before.value + 1 + after.value
    value = whole(scope, call.target)
    if value is None:
        return
    items = _unpacked(scope.b, value, count)
    for k, item in enumerate(items):
        if k == before.value:
            _give_middle(scope, source, before.value, after.value, item)
            continue
        index = k if k < before.value else k - count
        give_item(scope, source, Const(index), (), State(materialise(scope.b, item)))


def _give_middle(scope: Scope, source: Atom, before: int, after: int, value: Value) -> None:
    """The cotangent of the list that ``*middle`` takes out of a sequence."""
    kind = scope.b.kind(source)
    if isinstance(value, Const):
        return
    if isinstance(kind, Tuple):
        for k, item in enumerate(_unpacked(scope.b, value, len(kind.items) - before - after)):
            give(scope, source, item, path=(before + k,))
        return
    if isinstance(source, Var):
        target = shadow(scope, source)
        stop = Const(-after) if after else Const(None)
        index = scope.b.append(slice, (Const(before), stop, Const(None)))
        scope.b.append(runtime.add_at, (target, index, materialise(scope.b, value)), kind=Unknown())


def _getitem(scope: Scope, call: Call, active: Active) -> None:
    base, index = call.args
    assert not isinstance(base, Star) and not isinstance(index, Star)
    if isinstance(base, Var) and scope.memory.root(call.target) is not None and scope.memory.root(base) is not None:
        return  # a view of memory that is changed in place: its uses have added to the shadow directly
    inner = parts(call.target.kind)
    if inner is None:
        value = whole(scope, call.target)
        state = None if value is None else State(materialise(scope.b, value))
        if state is not None:
            give_item(scope, base, index, (), state)
        return
    direct = scope.take((call.target, ()))
    if direct is not None:
        spread_buffer(scope, call.target, direct)
    for path, _ in list(leaves(call.target.kind)):
        state = scope.take((call.target, path))
        if state is not None:
            give_item(scope, base, index, path, state)


def give_item(scope: Scope, base: Atom, index: Atom, path: Path, state: State) -> None:
    """Add a cotangent to that of ``base[index]``, at `path` inside it: costs as much as the item, not as the base."""
    if not isinstance(base, Var) or not may_be_active(base.kind):
        return
    if path and isinstance(scope.b.kind(index), Slice):
        index, path = Const(_position(scope, base, index, path[0])), path[1:]
    match base.kind:
        case Tuple() | Dict() if (
            isinstance(index, Const)
            and parts(base.kind) is not None
            and (isinstance(base.kind, Tuple) or not scope.memory.is_mutated(base))
        ):
            items = parts(base.kind) or []
            key = index.value + len(items) if _is_negative(index, base.kind) else index.value
            give(scope, base, state.atom, path=(key, *path), owned=state.owned)
        case List() if (
            isinstance(index, Const)
            and isinstance(index.value, int)
            and index.value >= 0
            and not (scope.memory.is_mutated(base) or scope.in_loop_for(base))
        ):
            give(scope, base, state.atom, path=(index.value, *path), owned=state.owned)
        case Tuple() | Dict() | List():
            _add_to_item(scope, base, index, path, state)
        case _:
            target = scope.buffer((base, ())) if scope.memory.root(base) is None else shadow(scope, base)
            add_indexed(scope.b, target, index, state.atom)


def _position(scope: Scope, base: Var, index: Atom, key: object) -> int:
    """Where in the tuple `base` the part `key` of the slice ``base[index]`` is."""
    kind = scope.b.kind(index)
    bounds: list[Any] = (
        [constant(k) for k in (kind.start, kind.stop, kind.step)] if isinstance(kind, Slice) else [MISSING]
    )
    if not isinstance(base.kind, Tuple) or not isinstance(key, int) or MISSING in bounds:
        raise InternalError(f"reverse: which part of {base.name or 'a tuple'} a slice takes", where=scope.b.loc)
    start, stop, step = bounds
    return range(len(base.kind.items))[slice(start, stop, step)][key]


def _is_negative(index: Const, kind: Kind) -> bool:
    return isinstance(kind, Tuple) and isinstance(index.value, int) and index.value < 0


def _add_to_item(scope: Scope, base: Var, index: Atom, path: Path, state: State) -> None:
    target: Atom = shadow(scope, base)
    keys: list[Atom] = [index, *(Const(k) for k in path)]
    for key in keys[:-1]:
        target = scope.b.call(operator.getitem, target, key)
    add_to_entry(scope.b, target, keys[-1], state.atom)


def add_to_entry(b: Builder, target: Atom, key: Atom, g: Atom) -> None:
    """``target[key] += g`` for a list or a dict; entry by entry where the item is itself a container."""
    kind = b.kind(target)
    item = kind.item if isinstance(kind, (List, Dict)) else Unknown()
    if isinstance(b.kind(key), Slice):
        b.append(runtime.add_at, (target, key, g), kind=Unknown())
        return
    if isinstance(item, (Scalar, Array)):
        b.append(ops.UPDATES[operator.iadd], (target, key, g))
        return
    total = b.append(runtime.accumulate, (b.append(operator.getitem, (target, key), kind=item), g), kind=item)
    b.append(operator.setitem, (target, key, total))


def add_indexed(b: Builder, target: Atom, index: Atom, g: Atom) -> None:
    """``target[index] += g``, counting repeated indices as often as they occur."""
    form = index_form(b.kind(index))
    known = isinstance(b.kind(target), Array)
    if known and form in ("basic", "mask"):
        negated = b.recent(g, operator.neg)
        if negated is not None:
            b.append(ops.UPDATES[operator.isub], (target, index, *negated.args))
        else:
            b.append(ops.UPDATES[operator.iadd], (target, index, g))
    elif known and form == "fancy":
        b.append(np.add.at, (target, index, g))
    else:
        b.append(runtime.add_at, (target, index, g), kind=Unknown())


def _get_attribute(scope: Scope, call: Call, active: Active) -> None:
    value = whole(scope, call.target)
    if value is None:
        return
    name = call.args[1].value if isinstance(call.args[1], Const) else "?"
    raise UnsupportedSyntax(
        f"the attribute {name!r} carries a derivative",
        where=call.loc,
        why="attributes of objects are not differentiated yet",
        remedy="pass the value as an argument",
    )


def _sequence_copy(scope: Scope, call: Call, active: Active) -> None:
    """``list(xs)``, ``tuple(xs)``: item by item."""
    value = whole(scope, call.target)
    source = call.args[0] if call.args else None
    if value is None or not isinstance(source, Var):
        return
    b = scope.b
    if isinstance(source.kind, Array | Unknown | Numeric):
        atom = materialise(b, value)
        give(scope, source, b.append(runtime.items_like, (atom, source), kind=source.kind), owned=True)
        return
    give(scope, source, value)


def reverse_sequence_arithmetic(scope: Scope, call: Call) -> None:
    """``xs + ys`` and ``xs * n`` of lists and tuples: item by item."""
    value = whole(scope, call.target)
    if value is None:
        return
    b = scope.b
    first, second = (a for a in call.args if not isinstance(a, Star))
    assert isinstance(call.fn, Const)
    if call.fn.value is operator.add:
        count = _length_of(b, first)
        _give_part(scope, first, value, Const(None), count)
        _give_part(scope, second, value, count, Const(None))
        return
    source, times = (first, second) if isinstance(b.kind(first), (Tuple, List)) else (second, first)
    if not isinstance(times, Const):
        raise UnsupportedSyntax(
            "a sequence is repeated a number of times that is only known at run time",
            where=call.loc,
            remedy="build it in a loop",
        )
    for k in range(times.value):
        size = _length_of(b, source)
        start = b.call(operator.mul, size, Const(k))
        _give_part(scope, source, value, start, b.call(operator.add, start, size))


def _length_of(b: Builder, sequence: Atom) -> Atom:
    kind = b.kind(sequence)
    return Const(len(kind.items)) if isinstance(kind, Tuple) else b.call(len, sequence)


def _give_part(scope: Scope, source: Atom, value: Value, start: Atom, stop: Atom) -> None:
    """Give ``value[start:stop]`` to a sequence."""
    if not isinstance(source, Var) or not may_be_active(source.kind):
        return
    if isinstance(value, Seq) and isinstance(start, Const) and isinstance(stop, Const):
        give(scope, source, Seq(value.items[start.value : stop.value], value.cls))
        return
    b = scope.b
    part = b.append(slice, (start, stop, Const(None)))
    found = b.append(operator.getitem, (materialise(b, value), part), kind=source.kind)
    if isinstance(source.kind, Tuple):
        give(scope, source, Seq(_unpacked(b, found, len(source.kind.items))))
    else:
        give(scope, source, found)


def _iterated(scope: Scope, call: Call, active: Active) -> None:
    """Iterators that are consumed as values (``list(zip(a, b))``): each item goes where it came from."""
    value = whole(scope, call.target)
    if value is None or not isinstance(call.fn, Const):
        return
    fn = call.fn.value
    args = [a for a in call.args if not isinstance(a, Star)]
    if fn is iter:
        give(scope, args[0], value)
        return
    if fn in (zip, enumerate, reversed):
        _give_items(scope, fn, args, value)
        return
    if fn in (dict.values, dict.get):
        _dict_read(scope, fn, args, value)
        return
    raise UnsupportedSyntax(
        f"{getattr(fn, '__name__', fn)}() carries a derivative outside of a for statement",
        where=call.loc,
        why="it is differentiated as the iterable of a loop or of a comprehension",
        remedy="write the loop out",
    )


def _give_items(scope: Scope, fn: Any, args: Sequence[Atom], value: Value) -> None:
    """The items of an iterator that was turned into a list go to the sequences that it was made of."""
    b = scope.b
    atom = materialise(b, value)
    for k, source in enumerate(args[:1] if fn is enumerate else args):
        if not isinstance(source, Var) or not may_be_active(source.kind):
            continue
        if fn is reversed:
            part = b.append(runtime.items_like, (b.append(runtime.backwards, (atom,)), source), kind=source.kind)
        else:
            column = b.append(runtime.column, (atom, Const(1 if fn is enumerate else k)))
            part = b.append(runtime.items_like, (column, source), kind=source.kind)
        give(scope, source, part, owned=True)


def _dict_read(scope: Scope, fn: Any, args: list[Atom], value: Value) -> None:
    base = args[0]
    assert isinstance(base, Var)
    if fn is dict.get:
        if isinstance(args[1], Const) and isinstance(base.kind, Dict) and base.kind.items is not None:
            if args[1].value in dict(base.kind.items):
                give_item(scope, base, args[1], (), State(materialise(scope.b, value)))
            elif len(args) > 2:
                give(scope, args[2], value)
            return
        raise UnsupportedSyntax(
            "dict.get with a key that is only known at run time carries a derivative",
            where=scope.b.loc,
            remedy="test for the key with 'in', then read it with a subscript",
        )
    if isinstance(base.kind, Dict) and base.kind.items is not None:
        for (key, _), item in zip(base.kind.items, _unpacked(scope.b, value, len(base.kind.items)), strict=True):
            give(scope, base, item, path=(key,))
        return
    target = scope.buffer((base, ()))
    scope.b.append(runtime.add_values, (target, materialise(scope.b, value)))


_LANGUAGE: dict[Any, Callable[[Scope, Call, Active], None]] = {
    ops.make_tuple: _display,
    ops.make_list: _display,
    ops.make_dict: _dict_display,
    ops.identity: _identity,
    ops.bound: _identity,
    ops.unpack: _unpack,
    operator.getitem: _getitem,
    getattr: _get_attribute,
    list: _sequence_copy,
    tuple: _sequence_copy,
    iter: _iterated,
    zip: _iterated,
    enumerate: _iterated,
    reversed: _iterated,
    dict.values: _iterated,
    dict.items: _iterated,
    dict.get: _iterated,
    ops.merge_dicts: _merge_dicts,
    sorted: _sorted,
    sum: _sum,
}
