from _callee import outer

import srcad


def entry(x):
    return outer(x) + 1.0


srcad.grad(entry)(2.0)
