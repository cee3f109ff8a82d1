"""``srcad dump``: prints the source that the compiler generates for a function, or any stage on the way to it."""

from __future__ import annotations

import argparse
import inspect
from difflib import get_close_matches
from typing import Any

from srcad.cli.output import print_python, write_atomically
from srcad.cli.target import user_code
from srcad.cli.usage import Commands
from srcad.passes import PASSES

STAGES = ("gast", "ssa", "typed", "adjoint", "simplified", "source")

TARGET_NOTE = """\
TARGET is FILE.py:FUNC or package.module:FUNC; FUNC may be dotted (Class.method).
The top level of FILE is executed (with __name__ not "__main__"); trust the file.
"""

TYPES_NOTE = """\
kinds, as in --types "x: f8[n,d], w: f8[d], k: int, p: {W: f8[d], b: float}":
  float int bool complex     a Python number;  f8 f4 i8 b1 c16 ...  a NumPy scalar
  f8[n,d]  f4[3]  i8[n-1]    an array: dtype, and lengths (equal names mean equal lengths)
  f8[...]                    an array of any rank
  (float, f8[n])  list[float]  {W: float}    a tuple, a list, a dict;  str  None  any
"""


def configure(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "dump",
        help="print the generated derivative of a function",
        description="Prints the source of the derivative that srcad generates, or a stage on the way to it.",
        epilog=TARGET_NOTE + "\n" + TYPES_NOTE + "\nexample:\n"
        '  srcad dump model.py:loss --argnums 0,1 --value --types "w: f8[d], b: float, x: f8[n,d], y: f8[n]"\n',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("target", metavar="TARGET", help="FILE.py:FUNC or package.module:FUNC")
    parser.add_argument("--mode", choices=("reverse", "forward"), default="reverse", help="default: reverse")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--argnums", type=parse_argnums, metavar="N[,N...]", help="positions to differentiate; default 0"
    )
    which.add_argument("--argnames", type=parse_names, metavar="NAME[,NAME...]", help="the same by name")
    parser.add_argument("--value", action="store_true", help="the derivative returns the value, too")
    parser.add_argument("--types", metavar="KINDS", help="kinds of the arguments (below); unnamed ones are unknown")
    configure_without(parser)
    parser.add_argument("--stage", choices=STAGES, default="source", help="default: source")
    parser.add_argument("-o", "--output", metavar="FILE", help="write there instead; never over the function's file")
    parser.add_argument("--no-comments", action="store_true", help="without the user's statements as comments")
    parser.add_argument("--module", action="store_true", help="as a module of its own, with its imports")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    with user_code() as loader:
        target = loader.load(options.target)
        text = _generate(target.function, options)
        if options.output is None:
            print_python(text)
        else:
            write_atomically(options.output, text.rstrip("\n") + "\n", [target.file, source_file(target.function)])
    return 0


def _generate(function: Any, options: argparse.Namespace) -> str:
    from srcad import api

    with api.compile_options(without=options.without):
        return api.dump(
            function,
            mode=options.mode,
            argnums=0 if options.argnums is None else options.argnums,
            argnames=options.argnames,
            value=options.value,
            kinds=parse_types(options.types),
            stage=options.stage,
            comments=not options.no_comments,
            module=options.module,
        )


def configure_without(parser: argparse.ArgumentParser) -> None:
    """Adds the option that switches optimisations off."""
    parser.add_argument(
        "--without",
        type=parse_passes,
        default=(),
        metavar="NAME[,NAME...]",
        help=f"switch optimisations off: {', '.join(PASSES)}, or all",
    )


def parse_passes(text: str) -> tuple[str, ...]:
    """The optimisations to switch off.

    >>> parse_passes("fold, views"), len(parse_passes("all")) == len(PASSES)
    (('fold', 'views'), True)
    """
    names = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [name for name in names if name not in PASSES and name != "all"]
    if unknown or not names:
        problem = f"there is no optimisation {unknown[0]!r}" if unknown else "no optimisation is given"
        near = get_close_matches(unknown[0], PASSES, 1) if unknown else []
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise argparse.ArgumentTypeError(f"{problem}{meant} (there are {', '.join(PASSES)}; all is every one)")
    return tuple(PASSES) if "all" in names else tuple(names)


def parse_types(text: str | None) -> dict[str, Any] | None:
    """The kinds that ``--types`` states, by argument; None where it was not given."""
    if text is None:
        return None
    from srcad.analysis import kindspec

    return dict(kindspec.parse(text))


def parse_argnums(text: str) -> int | tuple[int, ...]:
    """One position, or several.

    >>> parse_argnums("1"), parse_argnums("0,2"), parse_argnums("0,")
    (1, (0, 2), (0,))
    """
    try:
        numbers = tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a position or a list of positions like 0,2") from None
    if not numbers:
        raise argparse.ArgumentTypeError("no position is given")
    return numbers if "," in text else numbers[0]


def parse_names(text: str) -> str | tuple[str, ...]:
    """One name, or several.

    >>> parse_names("w"), parse_names("w, b")
    ('w', ('w', 'b'))
    """
    names = tuple(part.strip() for part in text.split(",") if part.strip())
    if not names or not all(name.isidentifier() for name in names):
        raise argparse.ArgumentTypeError(f"{text!r} is not a name or a list of names like w,b")
    return names if "," in text else names[0]


def source_file(function: Any) -> str | None:
    """The file in which a function is defined, which may be another one than it was found in."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return None if code is None else str(code.co_filename)
