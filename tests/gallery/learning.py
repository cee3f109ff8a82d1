"""Models that are fitted to data: regressions, a network, a convolution, clusters."""

import numpy as np


def linear_regression(w, b, X, y):
    """The mean squared error of a linear model."""
    residual = X @ w + b - y
    return np.mean(residual**2)


def logistic_regression(w, b, X, y, strength):
    """The cross entropy of a linear classifier, with a penalty on its weights."""
    z = X @ w + b
    return np.mean(np.logaddexp(0.0, z) - y * z) + strength * np.sum(w**2)


def softmax_network(W1, b1, W2, b2, X, labels):
    """The cross entropy of a network with one hidden layer."""
    hidden = np.tanh(X @ W1 + b1)
    scores = hidden @ W2 + b2
    scores = scores - np.max(scores, axis=1, keepdims=True)
    log_p = scores - np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(labels)), labels])


def convolution(kernel, bias, image, target):
    """A filter that slides over an image, and a rectifier; each weight is multiplied with a slice."""
    height, width = kernel.shape
    rows, columns = target.shape
    out = np.zeros((rows, columns))
    for i in range(height):
        for j in range(width):
            out += kernel[i, j] * image[i : i + rows, j : j + columns]
    out = np.maximum(out + bias, 0.0)
    return np.mean((out - target) ** 2)


def k_means(centres, points):
    """The mean squared distance of points to the nearest centre."""
    d2 = np.sum((points[:, None, :] - centres[None, :, :]) ** 2, axis=-1)
    return np.mean(np.min(d2, axis=1))


def ridge_path(log_strengths, X, y, X_test, y_test):
    """The error on test data of ridge regressions, one for each strength of the penalty."""
    A = X.T @ X
    b = X.T @ y
    total = 0.0
    for log_strength in log_strengths:
        w = np.linalg.solve(A + np.exp(log_strength) * np.eye(len(b)), b)
        total += np.mean((X_test @ w - y_test) ** 2)
    return total


def gaussian_mixture(log_weights, means, log_scales, x):
    """The negative log likelihood of points under a mixture of normal distributions with diagonal covariance."""
    z = (x[:, None, :] - means) / np.exp(log_scales)
    log_p = log_weights - 0.5 * np.sum(z**2, axis=-1) - np.sum(log_scales, axis=-1)
    top = np.max(log_p, axis=1)
    likelihood = np.mean(top + np.log(np.sum(np.exp(log_p - top[:, None]), axis=1)))
    return np.log(np.sum(np.exp(log_weights))) - likelihood
