"""A function with a body of 100 lines, of the kind that people write: its first call costs what compiling costs."""

import numpy as np


def forecast(weights, gain, decay, series, target, steps):
    """Smooths a series, filters it, passes windows through a network, and scores forecasts."""
    n = len(series)
    level = series[0]
    trend = series[1] - series[0]
    smooth = np.zeros(n)
    smooth[0] = level
    for t in range(1, n):
        before = level
        level = gain * series[t] + (1.0 - gain) * (level + trend)
        trend = decay * (level - before) + (1.0 - decay) * trend
        smooth[t] = level
    residual = series - smooth
    scale = np.sqrt(np.mean(residual**2) + 1e-6)
    z = residual / scale
    soft = np.where(np.abs(z) < 1.0, 0.5 * z * z, np.abs(z) - 0.5)
    robust = np.mean(soft)
    spread = np.log(scale)
    center = np.mean(smooth)
    centered = smooth - center
    variance = np.mean(centered * centered)
    skew = np.mean(centered**3) / (variance + 1e-3) ** 1.5
    lag = np.mean(centered[1:] * centered[:-1])
    ratio = lag / (variance + 1e-3)
    energy = 0.0
    for k in range(1, 4):
        d = smooth[k:] - smooth[:-k]
        energy += np.sum(d * d) / k
    roughness = np.log1p(energy)
    if roughness > 2.0:
        penalty = 0.1 * (roughness - 2.0) ** 2
    elif roughness > 1.0:
        penalty = 0.05 * (roughness - 1.0)
    else:
        penalty = 0.0
    state = np.zeros(2)
    state[0] = smooth[-1]
    state[1] = trend
    cov = np.eye(2)
    noise = 0.1 + decay * decay
    a = np.array([[1.0, 1.0], [0.0, 0.9]])
    loglik = 0.0
    for t in range(steps):
        state = a @ state
        cov = a @ cov @ a.T + noise * np.eye(2)
        s = cov[0, 0] + scale * scale
        innovation = target[t] - state[0]
        k_gain = cov[:, 0] / s
        state = state + k_gain * innovation
        cov = cov - np.outer(k_gain, cov[0])
        loglik -= 0.5 * (np.log(s) + innovation * innovation / s)
    window = len(weights)
    hidden = np.zeros(window)
    outputs = []
    for t in range(steps):
        x = smooth[t : t + window]
        m = np.mean(x)
        v = np.mean((x - m) ** 2)
        x = (x - m) / np.sqrt(v + 1e-3)
        pre = weights @ x + 0.5 * hidden
        hidden = np.tanh(pre)
        gate = 1.0 / (1.0 + np.exp(-pre))
        hidden = gate * hidden + (1.0 - gate) * x
        score = np.sum(hidden * hidden) / window
        outputs.append(m + score * trend)
    forecasts = np.array(outputs)
    error = forecasts - target[:steps]
    top = np.max(np.abs(error))
    e = np.exp(np.abs(error) - top)
    attention = e / np.sum(e)
    weighted = np.sum(attention * error * error)
    absolute = np.mean(np.sqrt(error * error + 1e-4))
    u = hidden.copy()
    for _ in range(3):
        u[1:-1] += gain * (u[2:] - 2.0 * u[1:-1] + u[:-2])
        u[0] = u[1]
    diffused = np.sum(u * u)
    q = np.outer(u, u) + np.eye(window)
    solved = np.linalg.solve(q, hidden)
    fit = solved @ hidden
    norm = np.sqrt(np.sum(weights * weights))
    if norm > 3.0:
        shrink = norm - 3.0
    else:
        shrink = 0.0 * norm
    guess = 1.0
    for _ in range(5):
        guess = 0.5 * (guess + (variance + 1.0) / guess)
    terms = [robust, spread, skew * skew, ratio, penalty, -loglik / steps]
    total = 0.0
    for i, term in enumerate(terms):
        total += term / (1.0 + i)
    total = total + weighted + 0.3 * absolute
    total = total + 0.01 * diffused + 0.1 * fit
    total = total + shrink + 0.05 * guess
    horizon = np.arange(steps) / steps
    discount = np.exp(-decay * horizon)
    late = np.sum(discount * error) / np.sum(discount)
    drift = np.tanh(trend / (scale + 0.1))
    total = total + 0.2 * late * late
    total = total + 0.1 * drift
    return total


def arguments():
    """Something to call it with."""
    rng = np.random.default_rng(5)
    series = np.cumsum(rng.standard_normal(40)) * 0.3
    return 0.3 * rng.standard_normal((6, 6)), 0.4, 0.2, series, rng.standard_normal(20), 12
