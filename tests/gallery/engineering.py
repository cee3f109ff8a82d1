"""Statistics, signals, finance, vision, robots, language."""

import math

import numpy as np


def gaussian_process(log_length, log_scale, log_noise, x, y):
    """The negative log marginal likelihood of a Gaussian process with a squared exponential kernel."""
    d = (x[:, None] - x[None, :]) / np.exp(log_length)
    K = np.exp(2.0 * log_scale - 0.5 * d**2) + np.exp(2.0 * log_noise) * np.eye(len(x))
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(K, y)
    return 0.5 * y @ alpha + np.sum(np.log(np.diag(L))) + 0.5 * len(x) * np.log(2.0 * np.pi)


def fft_filter(cutoff, order, signal, target):
    """A Butterworth filter in the frequency domain."""
    n = len(signal)
    gain = 1.0 / np.sqrt(1.0 + (np.fft.rfftfreq(n) / cutoff) ** (2.0 * order))
    filtered = np.fft.irfft(gain * np.fft.rfft(signal), n)
    return np.mean((filtered - target) ** 2)


def asian_option(spot, rate, volatility, strike, maturity, normals):
    """The price of an option on the mean of a stock's prices, by Monte Carlo simulation of Black-Scholes paths."""
    steps, paths = normals.shape
    dt = maturity / steps
    price = np.full(paths, spot)
    total = np.zeros(paths)
    for z in normals:
        price = price * np.exp((rate - 0.5 * volatility**2) * dt + volatility * math.sqrt(dt) * z)
        total += price
    payoff = np.maximum(total / steps - strike, 0.0)
    return np.exp(-rate * maturity) * np.mean(payoff)


def rotate(points, vectors):
    angle = np.sqrt(np.sum(vectors**2, axis=1))[:, None]
    axis = vectors / angle
    along = np.sum(points * axis, axis=1)[:, None] * axis
    return np.cos(angle) * points + np.sin(angle) * np.cross(axis, points) + (1.0 - np.cos(angle)) * along


def bundle_adjustment(cameras, points, camera_of, point_of, observed):
    """The error of cameras and points that should explain what was seen in images.

    A camera is a rotation vector, a translation, a focal length and two coefficients of distortion.
    """
    camera = cameras[camera_of]
    p = rotate(points[point_of], camera[:, :3]) + camera[:, 3:6]
    p = -p[:, :2] / p[:, 2:3]
    r2 = np.sum(p**2, axis=1)
    distortion = 1.0 + camera[:, 7] * r2 + camera[:, 8] * r2**2
    p = (camera[:, 6] * distortion)[:, None] * p
    return 0.5 * np.sum((p - observed) ** 2)


def joint(angle, length, offset, twist):
    c, s = np.cos(angle), np.sin(angle)
    ct, st = np.cos(twist), np.sin(twist)
    return np.array(
        [
            [c, -s * ct, s * st, length * c],
            [s, c * ct, -c * st, length * s],
            [0.0, st, ct, offset],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )


def robot_arm(angles, links, target):
    """The distance of a robot's hand from where it should be (Denavit and Hartenberg's parameters)."""
    T = np.eye(4)
    for angle, (length, offset, twist) in zip(angles, links):
        T = T @ joint(angle, length, offset, twist)
    return np.sum((T[:3, 3] - target) ** 2)


def encode(tree, words, W, b):
    if isinstance(tree, int):
        return words[tree]
    left, right = tree
    return np.tanh(W @ np.concatenate([encode(left, words, W, b), encode(right, words, W, b)]) + b)


def tree_network(words, W, b, tree, target):
    """A network that follows the tree of a sentence: each node is computed from its two children."""
    root = encode(tree, words, W, b)
    return np.sum((root - target) ** 2)
