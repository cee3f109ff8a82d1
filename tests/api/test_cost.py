"""What a gradient costs as its input grows: ratios within one run, of processor time, the best of several."""

import gc
import time
import tracemalloc

import numpy as np

from srcad import grad

ATTEMPTS = 4


def seconds(f, args, repeat):
    """Processor time of one call, the least of several: what else runs on the machine only adds to it."""
    times = []
    for _ in range(repeat):
        start = time.process_time()
        f(*args)
        times.append(time.process_time() - start)
    return min(times)


def growth(f, args_for, small, repeat=7):
    """How much more ten times the length costs; measured again where that looks too much."""
    df = grad(f)
    df(*args_for(small))
    found = []
    gc.disable()
    try:
        for _ in range(ATTEMPTS):
            found.append(seconds(df, args_for(10 * small), repeat) / seconds(df, args_for(small), 3 * repeat))
            if found[-1] <= 12.0:
                break
    finally:
        gc.enable()
    return min(found)


def recurrence(x, n):
    a = np.zeros(n)
    a[0] = x
    for i in range(1, n):
        a[i] = np.sin(a[i - 1]) * 0.9 + x
    return a[-1]


def with_callee(x, n):
    a = np.zeros(n)
    a[0] = x
    for i in range(1, n):
        a[i] = wave(a, i) + x
    return a[-1]


def wave(a, i):
    return np.sin(a[i - 1]) * 0.9


def elements(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i]
    return total


def pairs_in_a_loop(x):
    total = 0.0
    for i in range(1, len(x)):
        total += smoothed(x, i, 3)
    return total


def smoothed(x, i, n):
    """Calls itself, so that it is not put in place."""
    return x[i] * x[i - 1] if n == 0 else 0.5 * smoothed(x, i, n - 1) + 0.1 * x[i - n]


def updates(x):
    y = x * 1.0
    for i in range(1, len(x)):
        y[i] += 0.5 * y[i - 1] * x[i]
    return y[-1]


def rows(A):
    total = 0.0
    for row in A:
        total = total + row @ row
    return total


def test_a_recurrence_in_an_array():
    """``a[i] = g(a[i - 1])`` over ten times the length costs at most 13 times."""
    assert growth(recurrence, lambda n: (0.3, n), 2000) <= 13.0
    assert growth(with_callee, lambda n: (0.3, n), 2000) <= 13.0


def test_reading_elements():
    assert growth(elements, lambda n: (np.linspace(0.0, 1.0, n),), 2000) <= 13.0
    assert growth(rows, lambda n: (np.linspace(0.0, 1.0, 3 * n).reshape(n, 3),), 1000) <= 13.0


def test_reading_elements_in_a_function_that_is_not_put_in_place():
    assert growth(pairs_in_a_loop, lambda n: (np.linspace(0.0, 1.0, n),), 1000) <= 13.0
    assert "x_bar)" in grad(pairs_in_a_loop).source_for(np.ones(5))  # the reverse function adds to it


def test_updating_elements():
    assert growth(updates, lambda n: (np.linspace(0.1, 1.0, n),), 2000) <= 13.0


def heat(u, alpha, steps):
    for _ in range(steps):
        u[1:-1] += alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u**2)


def peak(f, *args):
    tracemalloc.start()
    try:
        f(*args)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_memory_of_a_linear_loop_does_not_grow_with_its_passes():
    df, u = grad(heat), np.linspace(0.0, 1.0, 10_000)
    df(u, 0.1, 2)
    peaks = [peak(df, u, 0.1, steps) for steps in (10, 1000)]
    assert peaks[1] < 1.05 * peaks[0], peaks
    assert peaks[0] < 6 * u.nbytes
