import srcad


class Box:
    def __init__(self, scale):
        self.scale = scale

    def loss(self, x):
        return self.scale * x * x


box = Box(3.0)


def uses_box(x):
    y = x + 1.0
    return box.loss(y)


srcad.grad(uses_box)(2.0)
