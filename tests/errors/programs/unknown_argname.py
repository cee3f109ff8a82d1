import srcad


def product(width, height):
    return width * height


srcad.grad(product, argnames="heigth")(1.0, 2.0)
