"""Runs SSA functions directly, on real Python values: the reference meaning of the regions.

Reading a value that is not there raises UnboundLocalError, as Python does for a name without a value.
"""

from __future__ import annotations

from typing import Any

from srcad.frontend.lifted import form_of
from srcad.ir import ops
from srcad.ir.nodes import UNDEFINED_VALUE, Atom, Block, Call, Const, For, Function, If, Star, Var, While, With


class Interpreter:
    """Runs one function; `frame` maps variables to values."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.values: dict[Var, Any] = {}
        source = function.source
        self.globals = source.__globals__
        self.cells = dict(zip(source.__code__.co_freevars, source.__closure__ or (), strict=True))

    def run(self, *args: Any) -> Any:
        """The result for these arguments, one for each parameter."""
        body = self.function.body
        self.bind(body.params, args)
        self.block(body)
        (result,) = body.yields
        return self.read(result)

    def bind(self, variables: tuple[Var, ...], values: Any) -> None:
        for variable, value in zip(variables, values, strict=True):
            self.values[variable] = value

    def move(self, atom: Atom) -> Any:
        """A value that is handed on, which may be missing."""
        return atom.value if isinstance(atom, Const) else self.values[atom]

    def read(self, atom: Atom) -> Any:
        """A value that is used."""
        value = self.move(atom)
        if value is UNDEFINED_VALUE:
            raise UnboundLocalError(repr(atom))
        return value

    def yields(self, block: Block) -> list[Any]:
        return [self.move(atom) for atom in block.yields]

    def block(self, block: Block) -> None:
        for stmt in block.stmts:
            match stmt:
                case Call():
                    self.values[stmt.target] = self.call(stmt)
                case If():
                    side = stmt.then if self.read(stmt.cond) else stmt.orelse
                    self.block(side)
                    self.bind(stmt.targets, self.yields(side))
                case For():
                    self.loop(stmt)
                case While():
                    self.while_loop(stmt)
                case With():
                    with self.read(stmt.context) as entered:
                        if stmt.entered is not None:
                            self.values[stmt.entered] = entered
                        self.block(stmt.body)
                        results = self.yields(stmt.body)
                    self.bind(stmt.targets, results)
                case _:
                    raise AssertionError(stmt)

    def loop(self, stmt: For) -> None:
        carried = [self.move(atom) for atom in stmt.inits]
        for item in self.read(stmt.iter):
            self.bind(stmt.body.params, [item, *carried])
            self.block(stmt.body)
            carried = self.yields(stmt.body)
            if stmt.stops and carried.pop():
                break
        self.bind(stmt.targets, carried)

    def while_loop(self, stmt: While) -> None:
        carried = [self.move(atom) for atom in stmt.inits]
        while True:
            self.bind(stmt.cond.params, carried)
            self.block(stmt.cond)
            if not self.read(stmt.cond.yields[0]):
                break
            self.bind(stmt.body.params, carried)
            self.block(stmt.body)
            carried = self.yields(stmt.body)
            if stmt.stops and carried.pop():
                break
        self.bind(stmt.targets, carried)

    def call(self, stmt: Call) -> Any:
        args: list[Any] = []
        for arg in stmt.args:
            if isinstance(arg, Star):
                args += self.read(arg.value)
            else:
                args.append(self.read(arg))
        kwargs: dict[str, Any] = {}
        for key, atom in stmt.kwargs:
            kwargs.update(self.read(atom) if key is None else {key: self.read(atom)})
        fn = self.read(stmt.fn)
        lifted = form_of(fn)
        if lifted is not None:
            return execute(lifted, *args, **kwargs)
        return self.apply(fn, args, kwargs)

    def apply(self, fn: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if fn is ops.load_global:
            builtins = self.globals["__builtins__"]
            builtins = builtins if isinstance(builtins, dict) else vars(builtins)
            if args[0] not in self.globals and args[0] not in builtins:
                raise NameError(f"name '{args[0]}' is not defined")
            return self.globals[args[0]] if args[0] in self.globals else builtins[args[0]]
        if fn is ops.load_free:
            return self.cells[args[0]].cell_contents
        if fn is ops.store_global:
            self.globals[args[0]] = args[1]
            return None
        if fn is ops.store_free:
            self.cells[args[0]].cell_contents = args[1]
            return None
        return fn(*args, **kwargs)


def execute(function: Function, *args: Any) -> Any:
    """Runs an SSA function."""
    return Interpreter(function).run(*args)
