"""The vectorised programs that are timed, each with its gradient written by hand.

"By hand" is the adjoint of each statement, as a good NumPy programmer writes it; "simplified" has the algebra that a
person does on paper first, such as softmax minus one-hot.
"""

from typing import Any

import numpy as np


def network(W1, b1, W2, b2, x, y):
    """A softmax classifier with one hidden layer; `y` has one row for each example, with a one."""
    h = np.tanh(x @ W1 + b1)
    z = h @ W2 + b2
    m = np.max(z, axis=1, keepdims=True)
    s = np.log(np.sum(np.exp(z - m), axis=1)) + m[:, 0]
    return np.mean(s - np.sum(z * y, axis=1))


def network_by_hand(W1, b1, W2, b2, x, y):
    h = np.tanh(x @ W1 + b1)
    z = h @ W2 + b2
    m = np.max(z, axis=1, keepdims=True)
    e = np.exp(z - m)
    t = np.sum(e, axis=1)
    s_bar = 1.0 / len(x)
    z_bar = y * -s_bar
    d_bar = e * (s_bar / t)[:, None]
    m_bar = s_bar - d_bar.sum(axis=1)
    z_bar += d_bar
    top = z == m
    z_bar += top * (m_bar / top.sum(axis=1))[:, None]
    W2_bar = h.T @ z_bar
    b2_bar = z_bar.sum(axis=0)
    a_bar = (z_bar @ W2.T) * (1.0 - h * h)
    return x.T @ a_bar, a_bar.sum(axis=0), W2_bar, b2_bar


def network_simplified(W1, b1, W2, b2, x, y):
    h = np.tanh(x @ W1 + b1)
    z = h @ W2 + b2
    e = np.exp(z - np.max(z, axis=1, keepdims=True))
    z_bar = (e / e.sum(axis=1, keepdims=True) - y) / len(x)
    a_bar = (z_bar @ W2.T) * (1.0 - h * h)
    return x.T @ a_bar, a_bar.sum(axis=0), h.T @ z_bar, z_bar.sum(axis=0)


def network_args(n: int, d: int, h: int, c: int) -> tuple[Any, ...]:
    """Weights, and data of these sizes."""
    rng = np.random.default_rng(0)
    y = np.eye(c)[rng.integers(0, c, n)]
    W1, W2 = 0.1 * rng.standard_normal((d, h)), 0.1 * rng.standard_normal((h, c))
    return W1, np.zeros(h), W2, np.zeros(c), rng.standard_normal((n, d)), y


def attention(Wq, Wk, Wv, x, y, scale):
    """One head of attention over a sequence, fitted to `y`."""
    q = x @ Wq
    k = x @ Wk
    v = x @ Wv
    s = q @ k.T * scale
    e = np.exp(s - np.max(s, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    r = p @ v - y
    return np.mean(r * r)


def attention_by_hand(Wq, Wk, Wv, x, y, scale):
    q = x @ Wq
    k = x @ Wk
    v = x @ Wv
    s = q @ k.T * scale
    m = np.max(s, axis=1, keepdims=True)
    e = np.exp(s - m)
    t = np.sum(e, axis=1, keepdims=True)
    p = e / t
    r = p @ v - y
    r_bar = (2.0 / r.size) * r
    p_bar = r_bar @ v.T
    v_bar = p.T @ r_bar
    e_bar = p_bar / t
    e_bar -= np.sum(e_bar * p, axis=1, keepdims=True)
    s_bar = e_bar * e
    m_bar = -np.sum(s_bar, axis=1, keepdims=True)
    top = s == m
    s_bar += top * (m_bar / top.sum(axis=1, keepdims=True))
    s_bar *= scale
    return x.T @ (s_bar @ k), x.T @ (s_bar.T @ q), x.T @ v_bar


def attention_simplified(Wq, Wk, Wv, x, y, scale):
    q = x @ Wq
    k = x @ Wk
    v = x @ Wv
    s = q @ k.T * scale
    p = np.exp(s - np.max(s, axis=1, keepdims=True))
    p /= np.sum(p, axis=1, keepdims=True)
    r_bar = p @ v - y
    r_bar *= 2.0 / r_bar.size
    p_bar = r_bar @ v.T
    s_bar = (p_bar - np.sum(p_bar * p, axis=1, keepdims=True)) * p * scale
    return x.T @ (s_bar @ k), x.T @ (s_bar.T @ q), x.T @ (p.T @ r_bar)


def attention_args(n: int, d: int) -> tuple[Any, ...]:
    """Weights and data for a sequence of n vectors."""
    rng = np.random.default_rng(1)
    weights = [rng.standard_normal((d, d)) / d for _ in range(3)]
    return (*weights, rng.standard_normal((n, d)), rng.standard_normal((n, d)), d**-0.5)


def rnn(Wx, Wh, b, Wo, x, y):
    """A recurrent network that reads a sequence of batches; `x` has shape (steps, batch, inputs)."""
    h = np.zeros((x.shape[1], Wh.shape[0]))
    for t in range(len(x)):
        h = np.tanh(x[t] @ Wx + h @ Wh + b)
    r = h @ Wo - y
    return np.mean(r * r)


def rnn_by_hand(Wx, Wh, b, Wo, x, y):
    h = np.zeros((x.shape[1], Wh.shape[0]))
    saved = [h]
    for t in range(len(x)):
        h = np.tanh(x[t] @ Wx + h @ Wh + b)
        saved.append(h)
    r = h @ Wo - y
    r_bar = (2.0 / r.size) * r
    Wo_bar = h.T @ r_bar
    h_bar = r_bar @ Wo.T
    Wx_bar = np.zeros_like(Wx)
    Wh_bar = np.zeros_like(Wh)
    b_bar = np.zeros_like(b)
    for t in range(len(x) - 1, -1, -1):
        h = saved.pop()
        a_bar = h_bar * (1.0 - h * h)
        Wx_bar += x[t].T @ a_bar
        Wh_bar += saved[-1].T @ a_bar
        b_bar += a_bar.sum(axis=0)
        h_bar = a_bar @ Wh.T
    return Wx_bar, Wh_bar, b_bar, Wo_bar


def rnn_compiled(Wx, Wh, b, Wo, x, y):
    from jax import lax

    h = np.zeros((x.shape[1], Wh.shape[0]))
    h, _ = lax.scan(lambda h, inputs: (np.tanh(inputs @ Wx + h @ Wh + b), None), h, x)
    r = h @ Wo - y
    return np.mean(r * r)


def rnn_args(steps: int, n: int, d: int, h: int) -> tuple[Any, ...]:
    """Weights, a sequence and what it should end in."""
    rng = np.random.default_rng(2)
    shapes = [(d, h), (h, h), (h,), (h, d)]
    weights = [rng.standard_normal(shape) * 0.5 / h**0.5 for shape in shapes]
    return (*weights, rng.standard_normal((steps, n, d)), rng.standard_normal((n, d)))


def mixture(alpha, mu, log_sigma, x):
    """Log-likelihood of a mixture of Gaussians with diagonal covariances, but for a constant."""
    z = (x[:, None, :] - mu) * np.exp(-log_sigma)
    t = alpha - np.sum(log_sigma, axis=1) - 0.5 * np.sum(z * z, axis=2)
    m = np.max(t, axis=1, keepdims=True)
    s = np.log(np.sum(np.exp(t - m), axis=1)) + m[:, 0]
    return np.sum(s) - len(x) * np.log(np.sum(np.exp(alpha)))


def mixture_by_hand(alpha, mu, log_sigma, x):
    d = x[:, None, :] - mu
    w = np.exp(-log_sigma)
    z = d * w
    t = alpha - np.sum(log_sigma, axis=1) - 0.5 * np.sum(z * z, axis=2)
    m = np.max(t, axis=1, keepdims=True)
    e = np.exp(t - m)
    f = np.exp(alpha)
    t_bar = e / np.sum(e, axis=1, keepdims=True)
    m_bar = 1.0 - np.sum(t_bar, axis=1)
    top = t == m
    t_bar += top * (m_bar / top.sum(axis=1))[:, None]
    u_bar = t_bar.sum(axis=0)
    alpha_bar = u_bar - f * (len(x) / np.sum(f))
    z_bar = z * -t_bar[:, :, None]
    mu_bar = -np.sum(z_bar * w, axis=0)
    w_bar = np.sum(z_bar * d, axis=0)
    return alpha_bar, mu_bar, -u_bar[:, None] - w_bar * w


def mixture_simplified(alpha, mu, log_sigma, x):
    w = np.exp(-log_sigma)
    z = (x[:, None, :] - mu) * w
    t = alpha - np.sum(log_sigma, axis=1) - 0.5 * np.sum(z * z, axis=2)
    r = np.exp(t - np.max(t, axis=1, keepdims=True))
    r /= np.sum(r, axis=1, keepdims=True)
    n = r.sum(axis=0)
    f = np.exp(alpha)
    rz = r[:, :, None] * z
    return n - f * (len(x) / np.sum(f)), np.sum(rz, axis=0) * w, np.sum(rz * z, axis=0) - n[:, None]


def mixture_args(n: int, d: int, k: int) -> tuple[Any, ...]:
    """Weights, means, log-deviations, and n points."""
    rng = np.random.default_rng(3)
    shapes = [(k,), (k, d), (k, d), (n, d)]
    return tuple(rng.standard_normal(shape) for shape in shapes)
