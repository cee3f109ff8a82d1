# ruff: noqa: W191
# fmt: off
import srcad


def tabs(x):
	if x > 1.0:
		y = 2.0 *	eval("x")
		return y
	return x


srcad.grad(tabs)(2.0)
