"""``srcad explain``: says why a gradient is zero, and what the loops of a function keep for it."""

from __future__ import annotations

import argparse

from srcad.cli.dump import TARGET_NOTE, TYPES_NOTE, configure_without, parse_argnums, parse_names, parse_types
from srcad.cli.inputs import made
from srcad.cli.target import user_code
from srcad.cli.usage import Commands


def configure(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "explain",
        help="say why a gradient is zero, and what loops keep",
        description="Says for each argument whether the result depends on it, and which statements cut the path; and\n"
        "for each loop what it keeps for the reverse sweep, for which statements, and how many bytes that is.",
        epilog=TARGET_NOTE + "\n" + TYPES_NOTE + "\nexample:\n"
        '  srcad explain model.py:loss --types "w: f8[d], x: f8[n,d]"\n',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("target", metavar="TARGET", help="FILE.py:FUNC or package.module:FUNC")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--argnums", type=parse_argnums, metavar="N[,N...]", help="positions to differentiate; default: all with floats"
    )
    which.add_argument("--argnames", type=parse_names, metavar="NAME[,NAME...]", help="the same by name")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--types", metavar="KINDS", help="kinds of the arguments (below); unnamed ones are unknown")
    source.add_argument(
        "--inputs",
        metavar="FILE:FUNC",
        help="a function without parameters that returns the arguments (tuple or dict): sizes are numbers then",
    )
    configure_without(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from srcad import api, explanation

    with user_code() as loader, api.compile_options(without=options.without):
        function = loader.load(options.target).function
        given = None if options.inputs is None else tuple(made(function, loader.load(options.inputs).value))
        found = explanation.explain(
            function, options.argnums, argnames=options.argnames, args=given, kinds=parse_types(options.types)
        )
        print(found)
    return 0
