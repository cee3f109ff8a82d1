import srcad


def größe(α, β):
    größer = α if "ü" < "é" else eval("β")  # ein Kommentar mit ß
    return größer * β


srcad.grad(größe)(2.0, 3.0)
