"""Checks of a template when it is registered: its signature always, its body for templates outside srcad.

Input: a `Template` and the mode that it is registered for. Output: the parameters that carry derivatives, or a
`RuleError` with the template's file and line. (The bodies of srcad's own templates are checked by its tests, so that
loading them stays fast.)
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import textwrap
import types
from dataclasses import replace
from typing import Any, Literal

from srcad.errors import RuleError
from srcad.rules import loading
from srcad.rules.templates import COTANGENT, RESULT, TANGENT_SUFFIX, Template

Mode = Literal["partials", "adjoint", "tangent"]


def check(template: Template, mode: Mode, wrt: tuple[str, ...] | None) -> tuple[str, ...]:
    """Check a template and return the names of the parameters that carry derivatives.

    Args:
        template: what is being registered.
        mode: what its body returns.
        wrt: the names as given by the user, or None for the default.

    Raises:
        RuleError: naming the template's file and line.
    """
    names = _derivative_parameters(template, mode, wrt)
    _check_compiler_parameters(template, mode)
    if not loading.is_own(template.loc.file):
        check_body(template, mode, names)
    return names


def _derivative_parameters(template: Template, mode: Mode, wrt: tuple[str, ...] | None) -> tuple[str, ...]:
    if isinstance(wrt, str) or (wrt is not None and not all(isinstance(n, str) for n in wrt)):
        raise _error(template, "wrt is a tuple of parameter names", f"write wrt=({wrt!r},)")
    names = template.dots if mode == "tangent" else template.default_wrt() if wrt is None else tuple(wrt)
    for name in names:
        if name not in template.params:
            known = "the parameters are " + ", ".join(template.params)
            raise _error(template, f"wrt names {name!r}, which is no parameter", known)
    if not names:
        raise _error(
            template,
            "no parameter carries a derivative",
            "name them with wrt=, in a tangent take x_dot for parameter x; nondifferentiable states a zero derivative",
        )
    return names


def _check_compiler_parameters(template: Template, mode: Mode) -> None:
    """``ans`` and what the mode adds are there, keyword-only and without default; nothing else is."""
    needed = [RESULT]
    if mode == "adjoint":
        needed.append(COTANGENT)
    if mode == "tangent":
        needed += [n + TANGENT_SUFFIX for n in template.dots]
    parameters = template.signature.parameters
    for name in needed:
        if name not in parameters:
            raise _error(template, f"parameter {name!r} is missing", f"add {name} after *")
        given = parameters[name]
        if given.kind is not given.KEYWORD_ONLY or given.default is not given.empty:
            raise _error(template, f"{name!r} must be keyword-only, without default", f"put {name} after *")
    if COTANGENT in parameters and COTANGENT not in needed:
        raise _error(template, f"{COTANGENT!r} is only for adjoints", "use @adjoint or @linear, or return partials")
    for name, parameter in parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            raise _error(template, f"**{name} is not supported", "name the keyword parameters of the primitive")


def check_body(template: Template, mode: Mode, wrt: tuple[str, ...]) -> None:
    """Check that the body parses, that its names exist, and that it returns as many values as it should.

    Raises:
        RuleError: naming the template's file and line.
    """
    tree = _parse(template)
    if tree is None:
        raise _error(template, "the source of this template cannot be found", "define it in a file or a notebook cell")
    _check_names(template, tree)
    if mode == "tangent":
        return
    for node in _returns(tree):
        _check_return(template, mode, wrt, node)


def _parse(template: Template) -> ast.FunctionDef | None:
    """The definition, with line numbers of its file."""
    try:
        lines, first = inspect.getsourcelines(template.function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return None
    ast.increment_lineno(tree, max(first, 1) - 1)
    node = tree.body[0]
    return node if isinstance(node, ast.FunctionDef) else None


def _returns(tree: ast.FunctionDef) -> list[ast.Return]:
    """The return statements of the function itself."""
    found: list[ast.Return] = []
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop(0)
        if isinstance(node, ast.Return):
            found.append(node)
        elif not isinstance(node, (ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            todo.extend(ast.iter_child_nodes(node))
    return found


def _check_return(template: Template, mode: Mode, wrt: tuple[str, ...], node: ast.Return) -> None:
    several = len(wrt) > 1
    value = node.value
    if value is None:
        raise _error(template, "a return without a value", "return one value for each of " + ", ".join(wrt), node)
    if isinstance(value, ast.Tuple) and not any(isinstance(e, ast.Starred) for e in value.elts):
        lists_allowed = mode == "adjoint" and not several
        if not lists_allowed and len(value.elts) != len(wrt):
            raise _error(
                template,
                f"{len(value.elts)} values are returned for {len(wrt)} parameters ({', '.join(wrt)})",
                "return one for each, or name the parameters that carry derivatives with wrt=",
                node,
            )
    elif several and isinstance(value, (ast.BinOp, ast.UnaryOp, ast.Constant)):
        raise _error(
            template, f"one value is returned for {len(wrt)} parameters ({', '.join(wrt)})", "return a tuple", node
        )


def _check_names(template: Template, tree: ast.FunctionDef) -> None:
    """Every name that the body reads is a parameter, local, global, builtin, or bound later in the same file."""
    function = template.function
    code: types.CodeType = function.__code__
    known = {*dir(builtins), *function.__globals__, *code.co_freevars, *_bound_names(tree)}
    later: set[str] | None = None
    for statement in tree.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and node.id not in known:
                later = _module_names(code.co_filename) if later is None else later
                if node.id not in later:
                    raise _error(template, f"name {node.id!r} is not defined", "import or define it", node)
            elif isinstance(node, ast.Attribute):
                _check_attribute(template, node, _bound_names(tree))


def _check_attribute(template: Template, node: ast.Attribute, local: set[str]) -> None:
    """``np.cso`` where `np` is a module that has no such attribute."""
    owner = _static_value(node.value, template.function, local)
    if isinstance(owner, types.ModuleType) and not hasattr(owner, node.attr):
        raise _error(template, f"module {owner.__name__!r} has no attribute {node.attr!r}", "correct the name", node)


def _static_value(node: ast.expr, function: Any, local: set[str]) -> object:
    if isinstance(node, ast.Name) and node.id not in local:
        return function.__globals__.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _static_value(node.value, function, local)
        return getattr(owner, node.attr, None) if isinstance(owner, types.ModuleType) else None
    return None


def _bound_names(tree: ast.AST) -> set[str]:
    """Names bound anywhere inside: parameters, assignments, nested definitions, comprehension targets."""
    bound: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.alias(name=name, asname=asname):
                bound.add(asname or name.partition(".")[0])
            case _:
                pass
    return bound


def _module_names(file: str) -> set[str]:
    """Names bound at the top level of a file; helpers may be defined below the template that uses them."""
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except SyntaxError:
        return set()
    bound: set[str] = set()
    for statement in tree.body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            bound.add(statement.name)
        else:
            bound |= _bound_names(statement)
    return bound


def _error(template: Template, what: str, remedy: str, node: ast.stmt | ast.expr | None = None) -> RuleError:
    loc = template.loc
    if node is not None:
        loc = replace(loc, line=node.lineno)
    return RuleError(f"template {template.function.__qualname__}: {what}", where=loc, remedy=remedy)
