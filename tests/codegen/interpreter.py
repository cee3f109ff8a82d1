"""Runs SSA directly, statement by statement: the meaning against which printed code is compared."""

from __future__ import annotations

from typing import Any

from srcad.ir.nodes import Atom, Block, Call, Const, For, Function, If, Star, Stmt, Var, While, With


def interpret(function: Function, *args: Any) -> Any:
    """The result of a function."""
    env = {p.uid: a for p, a in zip(function.body.params, args, strict=True)}
    return _block(function.body, env)[0]


def _value(atom: Atom, env: dict[int, Any]) -> Any:
    return env[atom.uid] if isinstance(atom, Var) else atom.value


def _block(block: Block, env: dict[int, Any]) -> list[Any]:
    for stmt in block.stmts:
        _stmt(stmt, env)
    return [_value(y, env) for y in block.yields]


def _bind(targets: Any, values: Any, env: dict[int, Any]) -> None:
    for target, value in zip(targets, values, strict=True):
        env[target.uid] = value


def _stmt(stmt: Stmt, env: dict[int, Any]) -> None:
    match stmt:
        case Call():
            env[stmt.target.uid] = _call(stmt, env)
        case If(targets=targets, cond=cond):
            _bind(targets, _block(stmt.then if _value(cond, env) else stmt.orelse, env), env)
        case For(targets=targets, body=body):
            carried = [_value(i, env) for i in stmt.inits]
            for item in _value(stmt.iter, env):
                _bind(body.params, [item, *carried], env)
                carried = _block(body, env)
                if stmt.stops and carried.pop():
                    break
            _bind(targets, carried, env)
        case While(targets=targets, cond=test, body=body):
            carried = [_value(i, env) for i in stmt.inits]
            while True:
                _bind(test.params, carried, env)
                if not _block(test, env)[0]:
                    break
                _bind(body.params, carried, env)
                carried = _block(body, env)
                if stmt.stops and carried.pop():
                    break
            _bind(targets, carried, env)
        case With(targets=targets, body=body):
            with _value(stmt.context, env) as entered:
                if stmt.entered is not None:
                    env[stmt.entered.uid] = entered
                _bind(targets, _block(body, env), env)
        case _:
            raise AssertionError(stmt)


def _call(call: Call, env: dict[int, Any]) -> Any:
    args: list[Any] = []
    for argument in call.args:
        if isinstance(argument, Star):
            args += _value(argument.value, env)
        else:
            args.append(_value(argument, env))
    kwargs: dict[str, Any] = {}
    for name, value in call.kwargs:
        kwargs |= _value(value, env) if name is None else {name: _value(value, env)}
    fn = call.fn.value if isinstance(call.fn, Const) else env[call.fn.uid]
    return fn(*args, **kwargs)
