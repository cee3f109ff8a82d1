import srcad


def total(items):
    return items[0] * 2.0 + items[1]


srcad.grad(total)([1, 2])
