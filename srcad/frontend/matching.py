"""Desugars `match` into a chain of `if`.

A pattern becomes a test and the names that it binds; the test reads parts of the subject where they were found to
exist, so its order is the pattern's. Names are bound after the whole pattern has matched, before the guard.

>>> import gast, ast
>>> tree = gast.parse('''
... match p:
...     case (0, y):
...         print(y)
...     case _:
...         print("other")
... ''')
>>> text = ast.unparse(gast.gast_to_ast(gast.Module(expand_match(tree.body[0]), [])))
>>> print(text.replace(str(is_sequence), "is_sequence"))
@subject2 = p
if is_sequence(@subject2, 2, False) and @subject2[0] == 0:
    y = @subject2[1]
    print(y)
else:
    print('other')
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gast

from srcad.errors import InternalError
from srcad.frontend import trees
from srcad.frontend.trees import Node

_SELF_MATCHING = (bool, bytearray, bytes, dict, float, frozenset, int, list, set, str, tuple)


def is_sequence(value: Any, length: int, more: bool) -> bool:
    """Whether a sequence pattern of `length` items (or more) matches `value`."""
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes, bytearray)):
        return False
    return len(value) >= length if more else len(value) == length


def is_mapping(value: Any, *keys: Any) -> bool:
    """Whether a mapping pattern with these keys matches `value`."""
    return isinstance(value, Mapping) and all(key in value for key in keys)


def rest_of(value: Any, *keys: Any) -> dict[Any, Any]:
    """What ``**rest`` of a mapping pattern binds."""
    return {k: v for k, v in value.items() if k not in keys}


def positional(cls: Any, count: int) -> Any:
    """The attribute names of `count` positional patterns of a class pattern."""
    if count == 1 and any(issubclass(cls, known) for known in _SELF_MATCHING) and not hasattr(cls, "__match_args__"):
        return (None,)
    names = getattr(cls, "__match_args__", ())
    if len(names) < count:
        raise TypeError(f"{cls.__name__}() accepts {len(names)} positional sub-patterns ({count} given)")
    return names[:count]


def has_part(value: Any, cls: Any, index: int) -> bool:
    """Whether `value` has what the positional pattern number `index` of class `cls` looks at."""
    name = positional(cls, index + 1)[index]
    return name is None or hasattr(value, name)


def part(value: Any, cls: Any, index: int) -> Any:
    """What the positional pattern number `index` of class `cls` looks at."""
    name = positional(cls, index + 1)[index]
    return value if name is None else getattr(value, name)


def expand_match(stmt: Node) -> list[Node]:
    """The branches that a `match` statement stands for."""
    return _Match(f"@subject{stmt.lineno}", stmt).run()


class _Match:
    """One `match` statement."""

    def __init__(self, subject: str, stmt: Node) -> None:
        self.subject, self.stmt = subject, stmt

    def run(self) -> list[Node]:
        stmt = self.stmt
        return [trees.assign(self.subject, stmt.subject, stmt), *self.cases(list(stmt.cases))]

    def cases(self, cases: list[Node]) -> list[Node]:
        """The branches of these cases."""
        if not cases:
            return []
        case, like = cases[0], cases[0].pattern
        binds: list[Node] = []
        test = self.test(case.pattern, trees.load(self.subject, like), binds)
        if case.guard is None:
            if test is None:
                return [*binds, *case.body]
            return [trees.branch(test, binds + case.body, self.cases(cases[1:]), like)]
        flag = f"@matched{like.lineno}"
        guarded = [*binds, trees.assign(flag, case.guard, like)]
        hit = trees.branch(trees.load(flag, like), case.body, self.cases(cases[1:]), like)
        if test is None:
            return [*guarded, hit]
        return [trees.branch(test, guarded, [trees.assign(flag, trees.const(False, like), like)], like), hit]

    def test(self, pattern: Node, subject: Node, binds: list[Node]) -> Node | None:
        """The test of a pattern (None: always true); appends what it binds to `binds`."""
        match pattern:
            case gast.MatchValue(value=value):
                return trees.at(gast.Compare(subject, [gast.Eq()], [value]), pattern)
            case gast.MatchSingleton(value=value):
                return trees.at(gast.Compare(subject, [gast.Is()], [trees.const(value, pattern)]), pattern)
            case gast.MatchAs(pattern=inner, name=name):
                test = None if inner is None else self.test(inner, subject, binds)
                if name is not None:
                    binds.append(trees.assign(name, subject, pattern))
                return test
            case gast.MatchOr(patterns=patterns):
                return self.either(patterns, subject, binds, pattern)
            case gast.MatchSequence(patterns=patterns):
                return self.sequence(patterns, subject, binds, pattern)
            case gast.MatchMapping():
                return self.mapping(pattern, subject, binds)
            case gast.MatchClass():
                return self.instance(pattern, subject, binds)
            case _:
                raise InternalError(f"pattern {type(pattern).__name__} is not known", why="stage lower")

    def either(self, patterns: list[Node], subject: Node, binds: list[Node], like: Node) -> Node | None:
        """``p | q``: the names are bound from the alternative that matched."""
        tests, bound = [], []
        for pattern in patterns:
            own: list[Node] = []
            test = self.test(pattern, subject, own)
            tests.append(trees.const(True, like) if test is None else test)
            bound.append(own)
        if any(bound):
            chain: list[Node] = bound[-1]
            for test, own in zip(reversed(tests[:-1]), reversed(bound[:-1]), strict=True):
                chain = [trees.branch(test, own or [trees.at(gast.Pass(), like)], chain, like)]
            binds += chain
        return trees.at(gast.BoolOp(gast.Or(), tests), like)

    def sequence(self, patterns: list[Node], subject: Node, binds: list[Node], like: Node) -> Node | None:
        """``[a, *b, c]``."""
        stars = [k for k, p in enumerate(patterns) if isinstance(p, gast.MatchStar)]
        least = len(patterns) - len(stars)
        tests: list[Node | None] = [
            trees.call(is_sequence, [subject, trees.const(least, like), trees.const(bool(stars), like)], like)
        ]
        for k, pattern in enumerate(patterns):
            if isinstance(pattern, gast.MatchStar):
                if pattern.name is not None:
                    stop = k + 1 - len(patterns) or None
                    index = trees.at(gast.Slice(trees.const(k, like), trees.const(stop, like), None), like)
                    items = trees.call(list, [_item(subject, index, like)], like)
                    binds.append(trees.assign(pattern.name, items, pattern))
                continue
            place = k - len(patterns) if stars and k > stars[0] else k
            tests.append(self.test(pattern, _item(subject, trees.const(place, like), like), binds))
        return _all(tests, like)

    def mapping(self, pattern: Node, subject: Node, binds: list[Node]) -> Node | None:
        """``{"a": x, **rest}``."""
        tests: list[Node | None] = [trees.call(is_mapping, [subject, *pattern.keys], pattern)]
        for key, inner in zip(pattern.keys, pattern.patterns, strict=True):
            tests.append(self.test(inner, _item(subject, key, pattern), binds))
        if pattern.rest is not None:
            binds.append(trees.assign(pattern.rest, trees.call(rest_of, [subject, *pattern.keys], pattern), pattern))
        return _all(tests, pattern)

    def instance(self, pattern: Node, subject: Node, binds: list[Node]) -> Node | None:
        """``Point(0, y=inner)``."""
        tests: list[Node | None] = [trees.call(isinstance, [subject, pattern.cls], pattern)]
        for k, inner in enumerate(pattern.patterns):
            place = [subject, pattern.cls, trees.const(k, pattern)]
            tests.append(trees.call(has_part, place, pattern))
            tests.append(self.test(inner, trees.call(part, place, pattern), binds))
        for name, inner in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
            tests.append(trees.call(hasattr, [subject, trees.const(name, pattern)], pattern))
            tests.append(self.test(inner, trees.at(gast.Attribute(subject, name, gast.Load()), pattern), binds))
        return _all(tests, pattern)


def _item(subject: Node, index: Node, like: Node) -> Node:
    return trees.at(gast.Subscript(subject, index, gast.Load()), like)


def _all(tests: list[Node | None], like: Node) -> Node | None:
    found = [test for test in tests if test is not None]
    if not found:
        return None
    return found[0] if len(found) == 1 else trees.at(gast.BoolOp(gast.And(), found), like)
