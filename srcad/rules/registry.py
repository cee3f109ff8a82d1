"""The registry: from a primitive to its `Rule`, and from the arguments of a call to the template's parameters.

Input: what the decorators register. Output: `rule_for(primitive)`. Templates of srcad are loaded at the first look-up
(see `srcad.rules.loading`). The registry neither checks templates nor knows any formula.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from srcad.errors import MissingRule, RuleError, Where
from srcad.ir.memo import forget_answers
from srcad.ir.nodes import Atom, Const, Loc, Star
from srcad.ir.record import record
from srcad.rules import loading
from srcad.rules.templates import Template, real_path

Bound = dict[str, Atom | tuple[Atom, ...]]


@record(frozen=True, eq=False)
class Rule:
    """What is known about one primitive.

    Args:
        primitive: the function, method descriptor or class.
        family: the name of its type family, None where its result is not described.
        wrt: the parameters that carry derivatives, in the order in which templates return cotangents.
        partials: for elementwise functions, the template that returns one partial per parameter of `wrt`.
        adjoint: the template that returns one cotangent per parameter of `wrt`.
        tangent: the template that returns the tangent of the result.
        linear: jointly linear in `wrt`; the tangent is the primitive applied to the tangents.
        multilinear: linear in each parameter of `wrt` alone.
        nondifferentiable: the derivative is zero.
        of_form: the result depends on types, shapes and memory only, not on the numbers.
        structural: the compiler's own passes differentiate it (containers, iterators, attribute access).
        views: parameters that the result may share memory with.
        writes: parameters that it mutates.
        impure: draws random numbers, or does input or output: never repeated, moved or dropped.
        smaller: the adjoint accepts an ``ans_bar`` that merely broadcasts to the result.
        singular: a partial may be infinite or NaN at finite arguments.
        broadcasts: the result has the broadcast shape of the `wrt` arguments, the adjoint's results are to be
            summed to each argument's shape by the compiler.
        raises: ``"never"`` where it cannot raise for numeric arguments whose shapes fit, else ``"maybe"``.
        registered: ``FILE:LINE`` of the registration.
    """

    primitive: Any
    family: str | None = None
    wrt: tuple[str, ...] = ()
    partials: Template | None = None
    adjoint: Template | None = None
    tangent: Template | None = None
    linear: bool = False
    multilinear: bool = False
    nondifferentiable: bool = False
    of_form: bool = False
    structural: bool = False
    views: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    impure: bool = False
    smaller: bool = False
    singular: bool = False
    broadcasts: bool = False
    raises: str = "maybe"
    registered: str = ""

    @property
    def name(self) -> str:
        """How the primitive is called in messages: ``np.sum``, ``math.sin``, ``np.ndarray.sum``."""
        return primitive_name(self.primitive)

    @property
    def template(self) -> Template | None:
        """The template that decides the names of the parameters."""
        return self.partials or self.adjoint or self.tangent

    @cached_property
    def _signature(self) -> inspect.Signature | None:
        """The primitive's own signature, None where it does not tell."""
        try:
            return inspect.signature(self.primitive)
        except (ValueError, TypeError):
            return None

    def bind(
        self,
        args: Sequence[Atom | Star],
        kwargs: Sequence[tuple[str | None, Atom]] = (),
        *,
        where: Where | None = None,
    ) -> Bound | None:
        """The template's parameters for a call of the primitive.

        Args:
            args: positional arguments.
            kwargs: keyword arguments.
            where: the call, for errors.

        Returns:
            An atom for each parameter of the template, defaults as constants, a tuple of atoms for ``*args``. For a
            rule without a template, the parameters of the primitive's own signature that are given. None where the
            call cannot be bound while compiling: ``*`` and ``**`` arguments, no signature, a call that will raise
            TypeError.

        Raises:
            MissingRule: for a parameter of the primitive that the template does not have.
        """
        if any(isinstance(a, Star) for a in args) or any(k is None for k, _ in kwargs):
            return None
        form: tuple[int | str, ...] = (len(args), *(str(k) for k, _ in kwargs))
        if form not in self._plans:
            self._plans[form] = self._plan(form)
        plan = self._plans[form]
        if plan is not None:
            return _filled(plan, [*args, *(v for _, v in kwargs)])
        return self._bound(args, kwargs, where)

    @cached_property
    def _plans(self) -> dict[tuple[int | str, ...], Bound | None]:
        """For the forms of calls that were met, see `_plan`."""
        return {}

    def _plan(self, form: tuple[Any, ...]) -> Bound | None:
        """What `bind` gives for calls with so many positional arguments and these keywords, with places in them.

        None where that depends on the arguments themselves, or is an error.
        """
        places = [_Place(k) for k in range(form[0] + len(form) - 1)]
        try:
            found = self._bound(places[: form[0]], list(zip(form[1:], places[form[0] :], strict=True)), None)
        except MissingRule:
            return None
        if found is None or any(isinstance(value, dict) for value in found.values()):
            return None
        return found

    def _bound(
        self, args: Sequence[Any], kwargs: Sequence[tuple[str | None, Any]], where: Where | None
    ) -> Bound | None:
        named = {str(k): v for k, v in kwargs}
        given = _bind_own(self._signature, args, named)
        template = self.template
        if template is None:
            return None if given is None or isinstance(given, _NoSignature) else dict(given.arguments)
        if given is None:
            return None
        if isinstance(given, _NoSignature):
            return self._bind_template(template, args, named, where)
        return self._translate(template, given, where)

    def _bind_template(
        self, template: Template, args: Sequence[Any], kwargs: Mapping[str, Any], where: Where | None
    ) -> Bound:
        own = [template.own(n) for n in template.params]
        try:
            bound = inspect.Signature(own).bind(*args, **kwargs)
        except TypeError as error:
            raise MissingRule(
                f"{self.name}: these arguments are not supported by the template at {template.place}",
                where=where,
                why=str(error),
                remedy="use the parameters that the template has: " + ", ".join(template.params),
            ) from None
        return _with_defaults(template, bound.arguments)

    def _translate(self, template: Template, given: inspect.BoundArguments, where: Where | None) -> Bound:
        """From the primitive's parameters to the template's: by position where positional-only, else by name."""
        bound: dict[str, Any] = {}
        positional = [n for n in template.params if template.own(n).kind in _POSITIONAL]
        for index, (name, param) in enumerate(given.signature.parameters.items()):
            if name not in given.arguments:
                continue
            value = given.arguments[name]
            if param.kind is param.VAR_KEYWORD:
                for key, atom in value.items():
                    self._put(bound, template, key, atom, param.empty, where)
            elif param.kind is param.VAR_POSITIONAL:
                self._put_varargs(bound, template, value, positional[index:], where)
            elif param.kind is param.POSITIONAL_ONLY and index < len(positional):
                bound[positional[index]] = value
            elif param.kind is param.POSITIONAL_ONLY and template.varargs:
                bound[template.varargs] = (*bound.get(template.varargs, ()), value)
            else:
                self._put(bound, template, name, value, param.default, where)
        return _with_defaults(template, bound)

    def _put(
        self, bound: dict[str, Any], template: Template, name: str, atom: Atom, default: Any, where: Where | None
    ) -> None:
        if name in template.params:
            bound[name] = atom
        elif not _is_default(atom, default):
            raise MissingRule(
                f"{self.name}: parameter {name!r} is not supported by the template at {template.place}",
                where=where,
                why="the derivative formula does not say what this parameter does",
                remedy=f"write the call without {name!r}",
            )

    def _put_varargs(
        self, bound: dict[str, Any], template: Template, values: tuple[Any, ...], own: list[str], where: Where | None
    ) -> None:
        """Values of the primitive's ``*args``: to the template's, or one by one to its positional parameters."""
        if template.varargs is not None:
            bound[template.varargs] = tuple(values)
        elif len(values) > len(own):
            self._put(bound, template, f"argument {len(values)}", values[-1], None, where)
        else:
            bound.update(zip(own, values, strict=False))


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@record(frozen=True)
class _Place:
    """An argument of a call whose arguments are not known yet: the first, the second, ..."""

    number: int


def _filled(plan: Mapping[str, Any], values: Sequence[Any]) -> Bound:
    """A plan with its arguments."""
    return {name: _at(value, values) for name, value in plan.items()}


def _at(value: Any, values: Sequence[Any]) -> Any:
    if isinstance(value, _Place):
        return values[value.number]
    return tuple([_at(item, values) for item in value]) if isinstance(value, tuple) else value


class _NoSignature:
    """The primitive does not tell its signature."""


def _bind_own(
    signature: inspect.Signature | None, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments | _NoSignature | None:
    """The call bound to the primitive's own signature; None where Python would raise TypeError."""
    if signature is None:
        return _NoSignature()
    try:
        return signature.bind(*args, **kwargs)
    except TypeError:
        return None


def _is_default(atom: Atom, default: Any) -> bool:
    """Whether an argument is a constant that says what leaving it out says."""
    if not isinstance(atom, Const) or default is inspect.Parameter.empty:
        return False
    return atom.value is default or (isinstance(default, (str, bool, int, float)) and atom == Const(default))


def _with_defaults(template: Template, given: Mapping[str, Any]) -> Bound:
    bound: Bound = {}
    for name in template.params:
        param = template.own(name)
        if name in given:
            bound[name] = given[name]
        elif param.kind is param.VAR_POSITIONAL:
            bound[name] = ()
        elif param.default is not param.empty:
            bound[name] = Const(param.default)
        else:
            raise MissingRule(f"parameter {name!r} of the template at {template.place} has no value")
    return bound


_RULES: dict[Any, Rule] = {}


def register(primitive: Any, rule: Rule, options: Mapping[str, Any], loc: Loc) -> None:
    """Add a rule for a primitive, or the missing half (adjoint or tangent) of one.

    Args:
        primitive: what the rule is for.
        rule: the rule, without primitive, options and place.
        options: fields of the rule, by name.
        loc: where it is registered.

    Raises:
        RuleError: if the primitive already has a rule for that mode from another place.
    """
    loading.load_before_registration(loc.file)
    place = f"{real_path(loc.file)}:{loc.line}"
    new = replace(rule, primitive=primitive, registered=place, **options)
    old = _RULES.get(primitive)
    _RULES[primitive] = new if old is None else _merged(old, new)
    forget_answers()


def _merged(old: Rule, new: Rule) -> Rule:
    if old.registered == new.registered:
        return new
    only_tangent = new.tangent is not None and new.adjoint is None and new.partials is None
    old_only_tangent = old.tangent is not None and old.adjoint is None and old.partials is None
    if only_tangent and old.adjoint is not None and _can_take_tangent(old, new):
        return replace(old, tangent=new.tangent)
    if old_only_tangent and new.adjoint is not None and _can_take_tangent(new, old):
        return replace(new, tangent=old.tangent)
    raise RuleError(
        f"{new.name} has a rule already",
        why=f"it was registered at {old.registered}, and is registered again at {new.registered}",
        remedy="keep one of the two",
    )


def _can_take_tangent(rule: Rule, other: Rule) -> bool:
    """Whether the tangent of `other` completes `rule`; the two must agree on the parameters that carry derivatives."""
    if rule.linear or rule.multilinear:
        return False
    if rule.tangent is not None and other.tangent is not None and rule.tangent.origin != other.tangent.origin:
        return False
    if set(rule.wrt) != set(other.wrt):
        raise RuleError(
            f"{rule.name}: adjoint and tangent disagree on the parameters that carry derivatives",
            why=f"({', '.join(rule.wrt)}) at {rule.registered}, ({', '.join(other.wrt)}) at {other.registered}",
            remedy="name them with wrt=",
        )
    return True


def rule_for(primitive: Any) -> Rule | None:
    """The rule of a primitive, or None where there is none (also for what cannot be hashed).

    >>> import numpy as np
    >>> rule_for(np.sin).family
    'elementwise'
    """
    loading.load()
    try:
        return _RULES.get(primitive)
    except TypeError:
        return None


def rules() -> tuple[Rule, ...]:
    """All rules, sorted by name."""
    loading.load()
    return tuple(sorted(_RULES.values(), key=lambda rule: rule.name))


def unregister(primitive: Any) -> Rule | None:
    """Remove a rule and return it (for tests of the registry itself)."""
    rule = _RULES.pop(primitive, None)
    forget_answers()
    return rule


def primitive_name(primitive: Any) -> str:
    """How a primitive is called in messages.

    >>> import numpy as np, operator
    >>> primitive_name(np.linalg.inv), primitive_name(operator.add), primitive_name(np.ndarray.sum), primitive_name(max)
    ('np.linalg.inv', 'operator.add', 'np.ndarray.sum', 'max')
    """
    owner = getattr(primitive, "__objclass__", None)
    name = getattr(primitive, "__qualname__", None) or getattr(primitive, "__name__", None) or repr(primitive)
    module = getattr(owner if isinstance(owner, type) else primitive, "__module__", None)
    if not isinstance(module, str):
        module = "numpy" if type(primitive).__module__ == "numpy" else "builtins"
    if isinstance(owner, type) and "." not in name:
        name = f"{owner.__qualname__}.{name}"
    if module == "builtins":
        return str(name)
    module = module.lstrip("_")
    if module == "numpy" or module.startswith("numpy."):
        module = "np" + module[len("numpy") :]
    return f"{module}.{name}"
