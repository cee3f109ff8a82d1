import srcad

fine, bad = srcad.grad(lambda x: x * x), srcad.grad(lambda x: x * eval("x"))
assert fine(3.0) == 6.0
bad(3.0)
