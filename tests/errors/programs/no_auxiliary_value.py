import srcad


def loss(x):
    return x * x


srcad.value_and_grad(loss, has_aux=True)(2.0)
