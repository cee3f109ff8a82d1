"""Models of sequences: recurrent networks, attention, state space models, alignments."""

import math

import numpy as np


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def lstm(W, U, b, xs, target):
    """A cell with long short-term memory, run over a sequence."""
    n = U.shape[1]
    h = np.zeros(n)
    c = np.zeros(n)
    for x in xs:
        z = (W @ x + U @ h + b).reshape(4, n)
        i, f, o = sigmoid(z[:3])
        c = f * c + i * np.tanh(z[3])
        h = o * np.tanh(c)
    return np.sum((h - target) ** 2)


def attention(Wq, Wk, Wv, x, target):
    """One head of causal attention: each position looks at those before it."""
    q = x @ Wq
    k = x @ Wk
    v = x @ Wv
    scores = q @ k.T / np.sqrt(q.shape[1])
    scores = np.where(np.tri(len(x), dtype=bool), scores, -np.inf)
    p = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    p /= np.sum(p, axis=1, keepdims=True)
    return np.mean((p @ v - target) ** 2)


def kalman_filter(F, H, Q, R, x, P, observations):
    """The negative log likelihood of a linear state space model."""
    loss = 0.0
    for z in observations:
        x = F @ x
        P = F @ P @ F.T + Q
        S = H @ P @ H.T + R
        K = P @ H.T @ np.linalg.inv(S)
        v = z - H @ x
        x = x + K @ v
        P = P - K @ H @ P
        loss += 0.5 * (v @ np.linalg.solve(S, v) + np.log(np.linalg.det(S)))
    return loss


def logsumexp(a):
    top = np.max(a, axis=0)
    return top + np.log(np.sum(np.exp(a - top), axis=0))


def hmm_forward(log_start, log_step, log_emit, symbols):
    """The negative log likelihood of symbols under a hidden Markov model, by the forward algorithm in log space."""
    alpha = log_start + log_emit[:, symbols[0]]
    for symbol in symbols[1:]:
        alpha = logsumexp(alpha[:, None] + log_step) + log_emit[:, symbol]
    return -logsumexp(alpha)


def soft_min(a, b, c, gamma):
    low = min(a, b, c)
    total = math.exp((low - a) / gamma) + math.exp((low - b) / gamma) + math.exp((low - c) / gamma)
    return low - gamma * math.log(total)


def soft_dtw(x, y, gamma):
    """The cost of aligning two series by dynamic programming, with a soft minimum (Cuturi and Blondel 2017)."""
    n, m = len(x), len(y)
    D = np.full((n + 1, m + 1), np.inf)
    D[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = (x[i - 1] - y[j - 1]) ** 2
            D[i, j] = cost + soft_min(D[i - 1, j], D[i, j - 1], D[i - 1, j - 1], gamma)
    return D[n, m]


def garch(omega, alpha, beta, returns):
    """The negative log likelihood of returns whose variance follows a GARCH(1, 1) recurrence."""
    variance = omega / (1.0 - alpha - beta)
    loss = 0.0
    for r in returns:
        loss += 0.5 * (math.log(variance) + r * r / variance)
        variance = omega + alpha * r * r + beta * variance
    return loss
