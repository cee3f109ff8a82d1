"""Fisher's Iris data, and what the demo needs around the loss: initial weights, accuracy, finite differences.

The data are the 150 measurements of R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of
Eugenics 7 (1936) 179-188: four lengths of each flower, 50 flowers of each of three species.
"""

from __future__ import annotations

import csv
import importlib.resources
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Parameters = list[Floats]


@dataclass(frozen=True)
class Iris:
    """Flowers (standardised measurements, one row each) and their species (one-hot rows), in two parts."""

    x: Floats
    y: Floats
    x_test: Floats
    y_test: Floats
    species: tuple[str, ...]


def load() -> Iris:
    """The data: every third flower is held out for the test, the mean and spread are those of the rest."""
    text = importlib.resources.files("srcad.cli").joinpath("data", "iris.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(text.splitlines()))[1:]
    measurements = np.array([[float(cell) for cell in row[:4]] for row in rows])
    species = tuple(sorted({row[4] for row in rows}))
    labels = np.array([species.index(row[4]) for row in rows])
    held_out = np.arange(len(rows)) % 3 == 2
    train = measurements[~held_out]
    x = (measurements - train.mean(axis=0)) / train.std(axis=0)
    y = np.eye(len(species))[labels]
    return Iris(x[~held_out], y[~held_out], x[held_out], y[held_out], species)


def initial(hidden: int, seed: int, inputs: int = 4, outputs: int = 3) -> Parameters:
    """Random weights and zero biases: W1, b1, W2, b2."""
    random = np.random.default_rng(seed)
    return [
        random.normal(size=(inputs, hidden)) / np.sqrt(inputs),
        np.zeros(hidden),
        random.normal(size=(hidden, outputs)) / np.sqrt(hidden),
        np.zeros(outputs),
    ]


def accuracy(parameters: Parameters, x: Floats, y: Floats) -> float:
    """The share of flowers whose species the network names."""
    W1, b1, W2, b2 = parameters
    z = np.tanh(x @ W1 + b1) @ W2 + b2
    return float(np.mean(z.argmax(axis=1) == y.argmax(axis=1)))


def by_differences(
    loss: Callable[..., Any], parameters: Parameters, x: Floats, y: Floats, step: float = 1e-6
) -> Parameters:
    """The gradient of a loss by central differences: two evaluations for each parameter."""
    gradient = [np.zeros_like(p) for p in parameters]
    for p, g in zip(parameters, gradient, strict=True):
        for index in np.ndindex(p.shape):
            kept = p[index]
            p[index] = kept + step
            up = loss(*parameters, x, y)
            p[index] = kept - step
            g[index] = (up - loss(*parameters, x, y)) / (2 * step)
            p[index] = kept
    return gradient
