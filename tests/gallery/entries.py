"""The programs of the gallery, with the arguments that they are shown, checked and timed for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.gallery import algebra, by_hand, engineering, learning, physics, sequences
from tests.programs.table import Program, arr, pos, program


@dataclass(frozen=True)
class Entry:
    """A program of the gallery.

    Args:
        title: its heading.
        program: the function, its arguments, and which of them are differentiated.
            The first arguments are shown and timed, the last ones checked: smaller where there are many kinks.
    """

    title: str
    program: Program

    @property
    def name(self) -> str:
        """The function's name."""
        return self.program.name

    @property
    def fn(self) -> Callable[..., Any]:
        """The function."""
        return self.program.fn

    @property
    def args(self) -> tuple[Any, ...]:
        """Its arguments."""
        return self.program.inputs[0]

    @property
    def checked(self) -> tuple[Any, ...]:
        """The arguments for the comparison with differences."""
        return self.program.inputs[-1]

    @property
    def by_hand(self) -> Callable[..., Any] | None:
        """The gradient that a person wrote, where there is one."""
        return getattr(by_hand, self.name, None)


def shown(
    title: str, fn: Callable[..., Any], *args: Any, checked: tuple[tuple[Any, ...], ...] = (), **options: Any
) -> Entry:
    """An entry; `checked` are arguments of their own for the comparison with differences."""
    return Entry(title, program(fn, args, *checked, **options))


def integers(high: int, *shape: int) -> np.ndarray:
    """Generic integers below `high`."""
    return np.random.default_rng([high, *shape]).integers(high, size=shape)


def normal(*shape: int, scale: float = 1.0, seed: int = 0) -> np.ndarray:
    """Normally distributed numbers."""
    return np.random.default_rng([seed, *shape]).normal(scale=scale, size=shape)


def positive_definite(n: int) -> np.ndarray:
    """A generic symmetric matrix with eigenvalues from about 1 on."""
    a = normal(n, n)
    return a @ a.T / n + np.eye(n)


def net(side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nodes of a square net, and the nodes that its springs join."""
    number = np.arange(side * side).reshape(side, side)
    head = np.concatenate([number[:, 1:].ravel(), number[1:, :].ravel()])
    tail = np.concatenate([number[:, :-1].ravel(), number[:-1, :].ravel()])
    x = np.stack([number % side, number // side], axis=-1).reshape(-1, 2) + normal(side * side, 2, scale=0.1)
    return x, head, tail


def rays(n_cameras: int, n_points: int) -> tuple[np.ndarray, ...]:
    """Cameras, points, who sees whom, and what was seen."""
    cameras = np.concatenate(
        [
            arr(n_cameras, 3),
            arr(n_cameras, 3) + [0.0, 0.0, -6.0],
            pos(n_cameras, 1) + 1.0,
            arr(n_cameras, 2) / 10.0,
        ],
        axis=1,
    )
    camera_of, point_of = (i.ravel() for i in np.mgrid[:n_cameras, :n_points])
    return cameras, arr(n_points, 3), camera_of, point_of, arr(len(camera_of), 2)


SENTENCE = (((0, 1), (2, (3, 4))), ((5, 0), 6))

_NET_X, _NET_HEAD, _NET_TAIL = net(8)
_STATE = (np.eye(4) + 0.1 * normal(4, 4), normal(2, 4), 0.1 * np.eye(4), 0.3 * positive_definite(2))
_LABELS = np.where(normal(200) > 0.0, 1.0, 0.0)

ENTRIES: list[Entry] = [
    shown(
        "Linear regression",
        learning.linear_regression,
        *(normal(10), 0.3, normal(200, 10), normal(200)),
        argnums=(0, 1),
        analytic=True,
    ),
    shown(
        "Logistic regression",
        learning.logistic_regression,
        *(normal(10), 0.3, normal(200, 10), _LABELS, 0.1),
        argnums=(0, 1),
    ),
    shown(
        "Softmax network",
        learning.softmax_network,
        *(normal(20, 16, scale=0.3), normal(16), normal(16, 5), normal(5), normal(100, 20), integers(5, 100)),
        argnums=(0, 1, 2, 3),
    ),
    shown(
        "Convolution by slices",
        learning.convolution,
        *(normal(3, 3), 0.1, normal(34, 34), normal(32, 32)),
        argnums=(0, 1),
    ),
    shown("k-means", learning.k_means, normal(5, 3), normal(300, 3)),
    shown(
        "A path of ridge regressions",
        learning.ridge_path,
        *(np.linspace(-2.0, 3.0, 6), normal(60, 8), normal(60), normal(30, 8, seed=1), normal(30, seed=1)),
    ),
    shown(
        "Gaussian mixture",
        learning.gaussian_mixture,
        *(normal(5), normal(5, 3), normal(5, 3, scale=0.3), normal(300, 3)),
        argnums=(0, 1, 2),
    ),
    shown(
        "LSTM cell",
        sequences.lstm,
        *(normal(32, 5, scale=0.4), normal(32, 8, scale=0.4), normal(32), normal(25, 5), normal(8)),
        argnums=(0, 1, 2),
        analytic=True,
    ),
    shown(
        "Attention",
        sequences.attention,
        *(normal(16, 8), normal(16, 8, seed=1), normal(16, 8, seed=2), normal(40, 16), normal(40, 8)),
        argnums=(0, 1, 2),
    ),
    shown(
        "Kalman filter",
        sequences.kalman_filter,
        *(*_STATE, np.zeros(4), np.eye(4), normal(30, 2)),
        argnums=(0, 2, 3),
        analytic=True,
    ),
    shown(
        "Hidden Markov model",
        sequences.hmm_forward,
        *(np.log(pos(6)), np.log(pos(6, 6)), np.log(pos(6, 4)), integers(4, 50)),
        argnums=(0, 1, 2),
    ),
    shown("Soft dynamic time warping", sequences.soft_dtw, normal(12), normal(14), 0.5, argnums=(0, 1)),
    shown("GARCH", sequences.garch, 0.1, 0.15, 0.7, normal(200), argnums=(0, 1, 2)),
    shown(
        "Runge-Kutta",
        physics.runge_kutta,
        *(np.array([1.1, 0.4, 0.1, 0.4]), np.array([10.0, 5.0]), 0.05, pos(50, 2)),
        argnums=(0, 1),
        analytic=True,
    ),
    shown(
        "Leapfrog",
        physics.leapfrog,
        *(np.array([1.0, 0.1, -0.2]), np.array([0.1, 0.9, 0.2]), 0.02, 100, np.array([-1.0, 0.0, 0.1])),
        argnums=(0, 1),
        analytic=True,
    ),
    shown(
        "Heat equation",
        physics.heat_equation,
        *(pos(99), normal(100), 0.2, 100, normal(100, seed=1)),
        argnums=(0, 1),
        analytic=True,
    ),
    shown(
        "N-body problem",
        physics.n_body,
        *(normal(10, 3), normal(10, 3, seed=1), pos(10), 0.01, 20),
        argnums=(0, 1),
        analytic=True,
    ),
    shown(
        "Spring mesh",
        physics.spring_mesh,
        *(20.0 * pos(112), _NET_X, np.zeros((64, 2)), _NET_HEAD, _NET_TAIL, pos(112), 0.01, 20, _NET_X),
        argnums=(0, 1),
        analytic=True,
    ),
    shown("Newton's method", algebra.newton, 0.8, 0.6, 1e-3, argnums=(0, 1)),
    shown("Bisection", algebra.bisection, 2.1, 3.3, 0.0, 3.0, 1e-9, argnums=(0, 1)),
    shown("Cholesky factorisation", algebra.cholesky, positive_definite(20), normal(20), argnums=(0, 1)),
    shown("Modified Gram-Schmidt", algebra.gram_schmidt, normal(20, 8), normal(20), argnums=(0, 1)),
    shown("Power iteration", algebra.power_iteration, positive_definite(30), normal(30), 20, analytic=True),
    shown(
        "Wasserstein distance",
        algebra.wasserstein,
        normal(500),
        normal(500, seed=1),
        checked=((normal(9), normal(9, seed=1)),),
    ),
    shown("Least trimmed squares", algebra.trimmed_squares, normal(6), normal(300, 6), normal(300), 200),
    shown(
        "Gaussian process",
        engineering.gaussian_process,
        *(-0.7, 0.2, -1.1, np.linspace(0.0, 3.0, 40), normal(40)),
        argnums=(0, 1, 2),
    ),
    shown("Fourier filter", engineering.fft_filter, 0.12, 2.5, normal(256), normal(256, seed=1), argnums=(0, 1)),
    shown(
        "Black-Scholes by Monte Carlo",
        engineering.asian_option,
        *(100.0, 0.03, 0.2, 98.0, 1.0, normal(12, 2000)),
        checked=((100.0, 0.03, 0.2, 98.0, 1.0, normal(6, 20)),),
        argnums=(0, 1, 2),
    ),
    shown("Bundle adjustment", engineering.bundle_adjustment, *rays(4, 30), argnums=(0, 1)),
    shown(
        "Robot arm",
        engineering.robot_arm,
        *(normal(6), arr(6, 3), np.array([0.5, 0.6, 0.7])),
        analytic=True,
    ),
    shown(
        "Recursion over a tree",
        engineering.tree_network,
        *(normal(7, 6), normal(6, 12, scale=0.3), normal(6), SENTENCE, normal(6)),
        argnums=(0, 1, 2),
        analytic=True,
    ),
]
