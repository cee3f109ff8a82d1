"""``srcad graph``: draws the computational graph of a function, of its tangent or of its gradient."""

from __future__ import annotations

import argparse
import os.path
import sys

from srcad.cli.dump import TARGET_NOTE, TYPES_NOTE, parse_argnums, parse_names, parse_types, source_file
from srcad.cli.output import write_atomically
from srcad.cli.target import user_code
from srcad.cli.usage import Commands

FORMATS = ("dot", "svg")


def configure(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "graph",
        help="draw the computational graph of a function or its derivative",
        description="Draws operations as boxes, with an edge from each value to its uses, and loops and branches as\n"
        "frames. What is yours is blue, what the derivative adds orange, what is kept for it grey.",
        epilog=TARGET_NOTE + "\n" + TYPES_NOTE + "\nexample:\n"
        '  srcad graph model.py:loss --of adjoint --types "w: f8[d], x: f8[n,d]" -o loss.svg\n',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("target", metavar="TARGET", help="FILE.py:FUNC or package.module:FUNC")
    parser.add_argument(
        "--of",
        choices=("primal", "forward", "adjoint"),
        default="primal",
        help="the function itself (default), value and tangent, or the gradient",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--argnums", type=parse_argnums, metavar="N[,N...]", help="positions to differentiate; default 0"
    )
    which.add_argument("--argnames", type=parse_names, metavar="NAME[,NAME...]", help="the same by name")
    parser.add_argument("--value", action="store_true", help="the gradient comes with the value, too")
    parser.add_argument("--types", metavar="KINDS", help="kinds of the arguments (below); unnamed ones are unknown")
    parser.add_argument("--format", choices=FORMATS, help="default: by the extension of FILE, else dot")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead; never over the function's file")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from srcad import inspection

    with user_code() as loader:
        target = loader.load(options.target)
        graph = inspection.graph(
            target.function,
            of=options.of,
            argnums=0 if options.argnums is None else options.argnums,
            argnames=options.argnames,
            value=options.value,
            kinds=parse_types(options.types),
        )
        text = graph.svg if form(options.format, options.output) == "svg" else graph.dot
        if options.output is None:
            sys.stdout.write(text)
        else:
            write_atomically(options.output, text, [target.file, source_file(target.function)])
    return 0


def form(stated: str | None, output: str | None) -> str:
    """The form of the output: as stated, else by the extension of the file.

    >>> form(None, "a/loss.SVG"), form("dot", "loss.svg"), form(None, "loss.txt"), form(None, None)
    ('svg', 'dot', 'dot', 'dot')
    """
    if stated is not None:
        return stated
    extension = os.path.splitext(output or "")[1].lower().lstrip(".")
    return extension if extension in FORMATS else "dot"
