import srcad


async def fetch(x):
    return x * x


srcad.grad(fetch)(2.0)
