import srcad


def build(x):
    class Box:
        scale = 2.0

    return x * Box.scale


srcad.grad(build)(2.0)
