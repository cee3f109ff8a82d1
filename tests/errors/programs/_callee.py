"""Called by callee_in_another_file.py."""


def outer(x):
    return inner(x) * 2.0


def inner(x):
    return eval("x * x")
