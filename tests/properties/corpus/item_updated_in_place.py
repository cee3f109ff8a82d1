"""``d[k] -= ...`` changes the array that was read from ``d[k]`` before: it has to be put back."""

import numpy as np

from tests.properties.fuzz import Way


def f(v, w):
    state = {"a": v * 1.0, "b": w * 1.0}
    for _ in range(2):
        error = np.tanh(state["a"]) - state["b"]
        state["a"] -= 0.1 * np.sin(state["a"])
        state["b"] += 0.1 * error * state["b"]
    return (state["a"] ** 2).sum() + (state["b"] * error).sum()


ARGS = (np.array([0.3, 1.2, -0.4]), np.array([0.8, -0.2, 0.5]))
WAY = Way(argnums=(0, 1))
