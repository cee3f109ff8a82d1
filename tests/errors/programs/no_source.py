import srcad

names = {}
exec("def secret(x):\n    return x * x\n", names)

srcad.grad(names["secret"])(2.0)
