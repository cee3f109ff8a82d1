"""Finding exactly the source of the running function."""

from __future__ import annotations

import ast
import functools
import importlib.util
import linecache
import textwrap
import time
from types import FunctionType

import gast
import pytest

from srcad.errors import NonDifferentiable, SourceUnavailable
from srcad.frontend import source
from srcad.frontend.lower import lower
from srcad.frontend.source import find
from srcad.templates import numpy_reductions
from tests.frontend.interpreter import execute

PAIR = (lambda x: x + 1, lambda x: x + 2)  # fmt: skip
NESTED = lambda x: (lambda y: y * 3)(x) + (lambda y: y * 4)(x)
SAME = [lambda x: x * 2, lambda x: x * 2]
MANY = {"é": lambda x: x - 1, "ü": lambda x, k=2: x - k, "ñ": lambda x: (x
    - 3)}  # fmt: skip


def decorate(*names):
    def wrap(fn):
        @functools.wraps(fn)
        def wrapper(*args):
            return fn(*args)

        return wrapper

    return wrap


# fmt: off
@decorate("a",
          "b")
@decorate()
def decorated(x):
    return x + 1
# fmt: on


def text_of(fn):
    source = find(fn)
    tree = source.tree
    line = source.line(tree.lineno)
    return line[source.column(tree.lineno, tree.col_offset) :].strip()


def load(tmp_path, text, name):
    path = tmp_path / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return path, module


def test_lambdas_on_one_line_are_told_apart():
    for fn, x in [(PAIR[0], 1), (PAIR[1], 1), (NESTED, 2), (SAME[0], 3), (SAME[1], 3)]:
        assert execute(lower(fn), x) == fn(x)
    assert find(SAME[0]).tree.col_offset < find(SAME[1]).tree.col_offset
    assert execute(lower(MANY["é"]), 5) == 4
    assert execute(lower(MANY["ü"]), 5, 2) == 3
    assert execute(lower(MANY["ñ"]), 5) == 2


def test_lambdas_that_return_lambdas():
    outer = lambda a: lambda b: lambda c: (a, b, c)
    assert find(outer).tree.args.args[0].id == "a"
    assert find(outer(1)).tree.args.args[0].id == "b"
    assert find(outer(1)(2)).tree.args.args[0].id == "c"
    assert execute(lower(outer(1)(2)), 3) == (1, 2, 3)


def test_lambda_bodies_that_branch():
    fs = [lambda x: 1 if x else 2, lambda x: x and 3, lambda x: [v for v in x], lambda: None, lambda x: -x]
    assert [len(find(f).tree.args.args) for f in fs] == [1, 1, 1, 0, 1]
    kinds = [gast.IfExp, gast.BoolOp, gast.ListComp, gast.Constant, gast.UnaryOp]
    assert [type(find(f).tree.body) for f in fs] == kinds


def test_decorated_function():
    inner = decorated.__wrapped__.__wrapped__
    assert text_of(inner) == "def decorated(x):"
    assert execute(lower(inner), 1) == 2


def test_nested_function_and_closure():
    k = 5

    def inner(x):
        return x * k

    assert execute(lower(inner), 2) == 10


def test_tabs_form_feed_non_ascii_and_continuations(tmp_path):
    text = (
        "# ünïcödé\n\f\nif True:\n\tdef f(α, β):\n\t\ts = 'é' ; γ = α * \\\n\t\t\tβ + len(s)\n"
        "\t\treturn (γ +\n\n\t\t\tα)  # done\n"
    )
    path, module = load(tmp_path, text, "odd_text")
    function = lower(module.f)
    assert execute(function, 2, 3) == module.f(2, 3)
    mul = next(s for s in function.body.stmts if s.fn.value.__name__ == "mul")
    assert mul.loc.text == "γ = α * \\"
    line = linecache.getline(str(path), mul.loc.line)
    assert line[mul.loc.col : mul.loc.end_col] == "α * \\"
    add = function.body.stmts[-1]
    assert add.loc.text == "return (γ +" and add.loc.file == str(path)


def test_registered_text_without_a_file():
    text = "def f(x):\n    return x * 7\ng = lambda x: x * 8\n"
    linecache.cache["<cell 1>"] = (len(text), None, text.splitlines(True), "<cell 1>")
    space = {}
    exec(compile(text, "<cell 1>", "exec"), space)
    try:
        assert execute(lower(space["f"]), 2) == 14
        assert execute(lower(space["g"]), 2) == 16
    finally:
        del linecache.cache["<cell 1>"]


def test_no_source():
    space = {}
    exec("def f(x): return x", space)
    with pytest.raises(SourceUnavailable, match="not available"):
        find(space["f"])
    with pytest.raises(SourceUnavailable, match="not written in Python"):
        find(len)
    with pytest.raises(SourceUnavailable, match="not written in Python"):
        find(functools.partial(len))


def test_edited_source(tmp_path):
    text = "def f(x):\n    return x * 2\n\ndef g(x):\n    return x + 3\n"
    path, module = load(tmp_path, text, "edited")
    assert execute(lower(module.f), 2) == 4
    path.write_text("# a new line\n" + text.replace("x * 2", "x * 22"))
    with pytest.raises(SourceUnavailable, match="no longer matches"):
        lower(module.f)
    assert execute(lower(module.g), 2) == 5  # it only moved
    path.write_text("def f(:\n")
    with pytest.raises(SourceUnavailable, match="no longer matches"):
        lower(module.g)


def test_constants_decide_too(tmp_path):
    path, module = load(tmp_path, "def f(x):\n    return x * 2.0\n", "constants")
    path.write_text("def f(x):\n    return x * 3.0\n")
    with pytest.raises(SourceUnavailable, match="no longer matches"):
        lower(module.f)


def test_functions_with_assert_under_rewriting():
    def checked(x):
        assert x > 0, "negative"
        return x * 2

    assert execute(lower(checked), 2) == 4
    with pytest.raises(AssertionError, match="negative"):
        execute(lower(checked), -2)


def test_generators_and_coroutines():
    def generator(x):
        yield x

    async def coroutine(x):
        return x

    with pytest.raises(NonDifferentiable, match="generator function"):
        lower(generator)
    with pytest.raises(NonDifferentiable, match="asynchronous"):
        lower(coroutine)


def test_private_names_of_a_class(tmp_path):
    text = textwrap.dedent("""
        class A:
            def __init__(self): self.__w = 2
            def times(self, x):
                __k = self.__w
                return x * __k
    """)
    _, module = load(tmp_path, text, "private_names")
    assert execute(lower(module.A.times), module.A(), 4) == 8


def test_many_functions_of_a_file_are_found_fast(tmp_path):
    """The file of methods is read once; a function at its top is found without reading the file."""
    body = "".join(f"        x = np.sin(x) * {j} + x[1:-1] ** 2\n" for j in range(100))
    methods = "".join(f"    def f{k}(x):\n{body}        return x\n" for k in range(20))
    alone = f"def alone(x):\n{textwrap.dedent(body).replace('x =', '    x =')}    return x\n"
    _, module = load(tmp_path, f"import numpy as np\nclass Many:\n{methods}{alone}", "long_module")

    top = min(_seconds(module.alone) for _ in range(3))
    first = _seconds(module.Many.f0)  # reads the file
    best = min(_seconds(getattr(module.Many, f"f{k}")) for k in range(1, 6))
    assert best < first / 2 and top < first / 2, (first, best, top)


def _seconds(function):
    start = time.process_time()
    lower(function)
    return time.process_time() - start


def test_a_function_read_alone_is_the_one_that_its_file_defines():
    """At the top of a module, a definition is parsed without the rest of the file: with the same result."""
    functions = [f for f in vars(numpy_reductions).values() if isinstance(f, FunctionType)]
    functions = [f for f in functions if f.__module__ == numpy_reductions.__name__ and f.__name__ != "<lambda>"]
    assert len(functions) > 20
    lines = linecache.getlines(numpy_reductions.__file__)
    file = source._read(numpy_reductions.__file__, lines, "")
    for function in functions:
        alone = source._alone(function.__code__, lines)
        whole = source._definition(file, function.__code__, function.__name__)
        assert alone is not None and ast.dump(alone, include_attributes=True) == ast.dump(
            whole, include_attributes=True
        )


def test_what_differs_from_the_running_code_is_not_read_alone():
    code = _file_like.__code__
    lines = linecache.getlines(__file__)
    assert source._alone(code, lines) is not None
    for old, new in (("x + 1", "x + 2"), ("return x", "return  x"), ("    return", "return")):
        changed = [line.replace(old, new) if k == code.co_firstlineno else line for k, line in enumerate(lines)]
        assert changed != lines and source._alone(code, changed) is None
    assert source._alone((lambda x: x).__code__, lines) is None


def _file_like(x):
    return x + 1
