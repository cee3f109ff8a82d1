"""The demo's data and loss, without the compiler."""

import numpy as np

from srcad.checking import check_derivatives
from srcad.cli import iris
from srcad.cli.network import loss


def test_the_data_are_fishers():
    data = iris.load()
    assert data.species == ("setosa", "versicolor", "virginica")
    assert data.x.shape == (100, 4) and data.x_test.shape == (50, 4)
    assert data.y.sum() + data.y_test.sum() == 150 and np.ptp(data.y_test.sum(axis=0)) <= 1
    assert np.allclose(data.x.mean(axis=0), 0) and np.allclose(data.x.std(axis=0), 1)


def test_the_sums_of_the_file_are_those_of_the_publication():
    import csv
    import importlib.resources

    text = importlib.resources.files("srcad.cli").joinpath("data", "iris.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    means = {}
    for row in rows:
        means.setdefault(row.pop("species"), []).append([float(v) for v in row.values()])
    # Fisher 1936, table II: mean lengths in cm of the 50 flowers of each species.
    assert np.allclose(np.mean(means["setosa"], axis=0), [5.006, 3.428, 1.462, 0.246])
    assert np.allclose(np.mean(means["versicolor"], axis=0), [5.936, 2.770, 4.260, 1.326])
    assert np.allclose(np.mean(means["virginica"], axis=0), [6.588, 2.974, 5.552, 2.026])


def by_hand(W1, b1, W2, b2, x, y):
    h = np.tanh(x @ W1 + b1)
    p = np.exp(h @ W2 + b2)
    z_bar = (p / p.sum(axis=1, keepdims=True) - y) / len(x)
    a_bar = z_bar @ W2.T * (1 - h * h)
    return x.T @ a_bar, a_bar.sum(axis=0), h.T @ z_bar, z_bar.sum(axis=0)


def test_finite_differences_of_the_demo_are_right():
    data = iris.load()
    parameters = iris.initial(5, seed=1)
    found = iris.by_differences(loss, parameters, data.x, data.y)
    for fd, exact in zip(found, by_hand(*parameters, data.x, data.y)):
        assert np.allclose(fd, exact, atol=1e-8)


def test_the_checker_agrees_with_the_gradient_by_hand():
    data = iris.load()
    args = [*iris.initial(5, seed=1), data.x, data.y]
    both = lambda *a: (loss(*a), by_hand(*a))
    assert check_derivatives(loss, args, value_and_grad=both, argnums=(0, 1, 2, 3))
