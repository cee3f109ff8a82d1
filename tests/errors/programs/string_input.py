import srcad


def parse(x, text):
    return x * float(text)


srcad.grad(parse, argnums=(0, 1))(2.0, "3.0")
