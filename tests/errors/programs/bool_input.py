import srcad


def gate(on, x):
    return x if on else -x


srcad.grad(gate, argnums=(0, 1))(True, 2.0)
