"""The `srcad` command: its parser, its exit codes, and how errors reach stderr.

Exit codes: 0 done; 1 a check failed; 2 usage or unsupported input, with the error on stderr and no traceback of ours.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import srcad
from srcad.cli import check, demo, dump, explain, graph, rules
from srcad.cli.usage import UsageError, describe
from srcad.errors import SrcadError

#: What says that the place that stdout leads to is full or broken.
_UNWRITABLE = (errno.ENOSPC, errno.EFBIG, errno.EIO)

DONE, CHECK_FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

_DESCRIPTION = "Writes the derivative of a plain Python/NumPy function as a readable Python function."
_EPILOG = """\
example:
  srcad dump model.py:loss --types "w: f8[d], x: f8[n,d]"

exit codes: 0 done, 1 a check failed, 2 usage or unsupported input (the error is on stderr)
"""


class _Version(argparse.Action):
    """``--version``, read only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        print(f"srcad {srcad.__version__}")
        parser.exit(DONE)


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; `run` of the result is the command."""
    parser = argparse.ArgumentParser(
        prog="srcad",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (dump, check, explain, graph, rules, demo):
        command.configure(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: the arguments without the program's name; those of the process unless given.

    Returns:
        The exit code.
    """
    options = build_parser().parse_args(argv)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except UsageError as error:
        print(f"srcad: error: {error}", file=sys.stderr)
    except SrcadError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
    except BrokenPipeError:  # the reader of our output has seen enough; say nothing more, also not at exit
        _drop_output()
        return DONE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _UNWRITABLE and error.filename is None:
            _drop_output()
            print(f"srcad: error: cannot write the output: {error.strerror}", file=sys.stderr)
        else:
            print(describe(error), file=sys.stderr)
    return USAGE


def _drop_output() -> None:
    """What is still to be written to stdout goes nowhere, so that the interpreter does not fail on it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    raise SystemExit(main())
