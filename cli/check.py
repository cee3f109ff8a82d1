"""``srcad check``: compares a function's gradient with finite differences, and forward mode with reverse mode."""

from __future__ import annotations

import argparse
import inspect
from typing import Any

import numpy as np

from srcad.cli.dump import TARGET_NOTE, TYPES_NOTE, parse_types
from srcad.cli.inputs import drawn, made, parse_range
from srcad.cli.target import user_code
from srcad.cli.usage import Commands

_CHECK_FAILED = 1


def configure(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "check",
        help="compare a gradient with finite differences",
        description="Checks the gradient of a function for all arguments that hold floats: reverse mode against\n"
        "finite differences, forward against reverse mode. Exit code 1 if they disagree.",
        epilog=TARGET_NOTE + "\n" + TYPES_NOTE + "\nexample:\n"
        '  srcad check model.py:loss --types "w: f8[d], x: f8[n,d]" --range x=0.1:2 --seed 7\n',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("target", metavar="TARGET", help="FILE.py:FUNC or package.module:FUNC")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--types", metavar="KINDS", help="kinds of the arguments (below); random ones are drawn")
    source.add_argument(
        "--inputs", metavar="FILE:FUNC", help="a function without parameters that returns the arguments (tuple or dict)"
    )
    parser.add_argument(
        "--range",
        dest="ranges",
        type=parse_range,
        action="append",
        default=[],
        metavar="NAME=LOW:HIGH",
        help="where to draw an argument from; repeatable; default: -2:2, integers 1:4",
    )
    parser.add_argument("--seed", type=int, default=0, help="of arguments and directions; default: 0")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from srcad import api

    with user_code() as loader:
        function = loader.load(options.target).function
        if options.inputs is not None:
            arguments = made(function, loader.load(options.inputs).value)
        else:
            arguments = drawn(function, parse_types(options.types) or {}, dict(options.ranges), options.seed)
        names = list(inspect.signature(function).parameters)
        print(f"checking {options.target} with seed {options.seed} at")
        for name, value in zip(names, arguments, strict=False):
            print(f"  {name} = {_short(value)}")
        report = api.check(function, arguments, argnums=None, seed=options.seed)
        print(f"  value = {_short(report.value)}")
        print(report)
    return 0 if report.ok else _CHECK_FAILED


def _short(value: Any) -> str:
    """A value on one line; of a larger array, its dtype and shape."""
    if isinstance(value, np.ndarray) and value.size > 8:
        return f"{value.dtype}{list(value.shape)} in {value.min():.4g} .. {value.max():.4g}"
    with np.printoptions(precision=4, threshold=8):
        text = " ".join(repr(value).split())
    return text if len(text) <= 100 else text[:97] + "..."
