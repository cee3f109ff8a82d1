"""``srcad rules``: lists the primitives that srcad knows, with the templates that differentiate them."""

from __future__ import annotations

import argparse
import fnmatch
import inspect

from srcad.cli.output import print_python
from srcad.cli.usage import Commands, UsageError
from srcad.rules import Rule, Template


def configure(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "rules",
        help="list primitives and their derivative templates",
        description="Lists the primitives that srcad can differentiate, and shows the templates of a single one.",
        epilog="PATTERN is part of a name, or a whole name with * and ? in it; case does not matter.\n\n"
        "examples:\n  srcad rules 'np.linalg.*'\n  srcad rules np.linalg.inv\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("pattern", nargs="?", metavar="PATTERN", help="which ones; default: all")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from srcad.rules import rules

    found = [rule for rule in rules() if options.pattern is None or matches(rule.name, options.pattern)]
    if not found:
        raise UsageError(f"no primitive is called {options.pattern!r}")
    exact = [rule for rule in found if rule.name == options.pattern]
    shown = exact or found
    print(table(shown))
    if len(shown) == 1:
        for template in templates(shown[0]):
            print(f"\n# {template.place}")
            print_python(inspect.getsource(template.function))
    elif options.pattern is None:
        print(f"{len(shown)} primitives")
    return 0


def matches(name: str, pattern: str) -> bool:
    """Whether a primitive's name contains the pattern, or is described by one with wildcards.

    >>> [matches("np.linalg.inv", p) for p in ("inv", "numpy.linalg.*", "LINALG", "*.det")]
    [True, True, True, False]
    """
    name, pattern = name.lower(), pattern.lower()
    if pattern.startswith("numpy."):
        pattern = "np" + pattern[len("numpy") :]
    return fnmatch.fnmatchcase(name, pattern) if any(c in pattern for c in "*?[") else pattern in name


def table(shown: list[Rule]) -> str:
    """One line for each rule: name, how it is differentiated, with respect to what, what it says of itself."""
    rows = [(rule.name, form(rule), ", ".join(rule.wrt), summary(rule)) for rule in shown]
    widths = [min(32, max(len(row[k]) for row in rows)) for k in range(3)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)).rstrip() for row in rows
    )


def form(rule: Rule) -> str:
    """How a primitive is differentiated, in a word or two."""
    if rule.nondifferentiable:
        return "zero derivative"
    if rule.structural:
        return "by the compiler"
    if rule.partials is not None:
        return "elementwise"
    if rule.linear or rule.multilinear:
        return "linear" if rule.linear else "multilinear"
    present = [name for name, part in (("adjoint", rule.adjoint), ("tangent", rule.tangent)) if part is not None]
    return " + ".join(present)


def templates(rule: Rule) -> list[Template]:
    """The templates of a rule, each once."""
    return [t for t in (rule.partials, rule.adjoint, rule.tangent) if t is not None]


def summary(rule: Rule) -> str:
    """The first line of the docstring of a rule's template."""
    for template in templates(rule):
        if template.function.__doc__:
            return template.function.__doc__.strip().splitlines()[0]
    return ""
