"""Gradients written by hand, as one would without a tool: what the generated ones are compared and timed with.

Each takes the arguments of its program and gives what `srcad.grad` gives for the arguments that the gallery asks for.
"""

import math

import numpy as np


def linear_regression(w, b, X, y):
    r_bar = 2.0 / len(y) * (X @ w + b - y)
    return X.T @ r_bar, r_bar.sum()


def logistic_regression(w, b, X, y, strength):
    z = X @ w + b
    z_bar = (1.0 / (1.0 + np.exp(-z)) - y) / len(y)
    return X.T @ z_bar + 2.0 * strength * w, z_bar.sum()


def softmax_network(W1, b1, W2, b2, X, labels):
    hidden = np.tanh(X @ W1 + b1)
    scores = hidden @ W2 + b2
    p = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    p /= np.sum(p, axis=1, keepdims=True)
    p[np.arange(len(labels)), labels] -= 1.0
    p /= len(labels)
    hidden_bar = (p @ W2.T) * (1.0 - hidden**2)
    return X.T @ hidden_bar, hidden_bar.sum(axis=0), hidden.T @ p, p.sum(axis=0)


def convolution(kernel, bias, image, target):
    height, width = kernel.shape
    rows, columns = target.shape
    out = np.zeros((rows, columns))
    for i in range(height):
        for j in range(width):
            out += kernel[i, j] * image[i : i + rows, j : j + columns]
    out += bias
    out_bar = 2.0 / out.size * (np.maximum(out, 0.0) - target) * (out > 0.0)
    kernel_bar = np.zeros_like(kernel)
    for i in range(height):
        for j in range(width):
            kernel_bar[i, j] = np.sum(out_bar * image[i : i + rows, j : j + columns])
    return kernel_bar, out_bar.sum()


def k_means(centres, points):
    d = points[:, None, :] - centres[None, :, :]
    nearest = np.argmin(np.sum(d**2, axis=-1), axis=1)
    centres_bar = np.zeros_like(centres)
    np.add.at(centres_bar, nearest, -2.0 / len(points) * d[np.arange(len(points)), nearest])
    return centres_bar


def ridge_path(log_strengths, X, y, X_test, y_test):
    A = X.T @ X
    b = X.T @ y
    bar = np.zeros_like(log_strengths)
    for i, log_strength in enumerate(log_strengths):
        strength = np.exp(log_strength)
        M = A + strength * np.eye(len(b))
        w = np.linalg.solve(M, b)
        w_bar = 2.0 / len(y_test) * X_test.T @ (X_test @ w - y_test)
        bar[i] = -strength * (np.linalg.solve(M, w_bar) @ w)
    return bar


def gaussian_mixture(log_weights, means, log_scales, x):
    scales = np.exp(log_scales)
    z = (x[:, None, :] - means) / scales
    log_p = log_weights - 0.5 * np.sum(z**2, axis=-1) - np.sum(log_scales, axis=-1)
    p = np.exp(log_p - np.max(log_p, axis=1, keepdims=True))
    p /= np.sum(p, axis=1, keepdims=True)
    p /= len(x)
    pz = p[:, :, None] * z
    weights = np.exp(log_weights)
    share = np.sum(p, axis=0)
    return (
        weights / np.sum(weights) - share,
        -np.sum(pz, axis=0) / scales,
        share[:, None] - np.sum(pz * z, axis=0),
    )


def lstm(W, U, b, xs, target):
    n = U.shape[1]
    h = np.zeros(n)
    c = np.zeros(n)
    cache = []
    for x in xs:
        z = W @ x + U @ h + b
        gates = 1.0 / (1.0 + np.exp(-z[: 3 * n]))
        g = np.tanh(z[3 * n :])
        i, f, o = gates[:n], gates[n : 2 * n], gates[2 * n :]
        h_old, c_old = h, c
        c = f * c + i * g
        t = np.tanh(c)
        h = o * t
        cache.append((x, h_old, c_old, i, f, o, g, t))
    W_bar, U_bar, b_bar = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    h_bar = 2.0 * (h - target)
    c_bar = np.zeros(n)
    for x, h_old, c_old, i, f, o, g, t in reversed(cache):
        c_bar = c_bar + h_bar * o * (1.0 - t**2)
        z_bar = np.concatenate(
            [
                c_bar * g * i * (1.0 - i),
                c_bar * c_old * f * (1.0 - f),
                h_bar * t * o * (1.0 - o),
                c_bar * i * (1.0 - g**2),
            ]
        )
        W_bar += np.outer(z_bar, x)
        U_bar += np.outer(z_bar, h_old)
        b_bar += z_bar
        h_bar = U.T @ z_bar
        c_bar = c_bar * f
    return W_bar, U_bar, b_bar


def attention(Wq, Wk, Wv, x, target):
    q, k, v = x @ Wq, x @ Wk, x @ Wv
    scale = 1.0 / np.sqrt(q.shape[1])
    scores = np.where(np.tri(len(x), dtype=bool), q @ k.T * scale, -np.inf)
    p = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    p /= np.sum(p, axis=1, keepdims=True)
    out_bar = 2.0 / target.size * (p @ v - target)
    v_bar = p.T @ out_bar
    p_bar = out_bar @ v.T
    scores_bar = p * (p_bar - np.sum(p * p_bar, axis=1, keepdims=True)) * scale
    return x.T @ (scores_bar @ k), x.T @ (scores_bar.T @ q), x.T @ v_bar


def logsumexp(a):
    top = np.max(a, axis=0)
    return top + np.log(np.sum(np.exp(a - top), axis=0))


def hmm_forward(log_start, log_step, log_emit, symbols):
    alphas = [log_start + log_emit[:, symbols[0]]]
    for symbol in symbols[1:]:
        alphas.append(logsumexp(alphas[-1][:, None] + log_step) + log_emit[:, symbol])
    step_bar, emit_bar = np.zeros_like(log_step), np.zeros_like(log_emit)
    alpha_bar = -np.exp(alphas[-1] - logsumexp(alphas[-1]))
    for t in range(len(symbols) - 1, 0, -1):
        emit_bar[:, symbols[t]] += alpha_bar
        before = alphas[t] - log_emit[:, symbols[t]]
        p_bar = np.exp(alphas[t - 1][:, None] + log_step - before) * alpha_bar
        step_bar += p_bar
        alpha_bar = p_bar.sum(axis=1)
    emit_bar[:, symbols[0]] += alpha_bar
    return alpha_bar, step_bar, emit_bar


def garch(omega, alpha, beta, returns):
    rest = 1.0 - alpha - beta
    variances = [omega / rest]
    for r in returns[:-1]:
        variances.append(omega + alpha * r * r + beta * variances[-1])
    omega_bar = alpha_bar = beta_bar = v_bar = 0.0
    for t in range(len(returns) - 1, 0, -1):
        r, v = returns[t], variances[t]
        v_bar = beta * v_bar + 0.5 * (1.0 - r * r / v) / v
        omega_bar += v_bar
        alpha_bar += v_bar * returns[t - 1] ** 2
        beta_bar += v_bar * variances[t - 1]
    r, v = returns[0], variances[0]
    v_bar = beta * v_bar + 0.5 * (1.0 - r * r / v) / v
    omega_bar += v_bar / rest
    rest_bar = v_bar * v / rest
    return omega_bar, alpha_bar + rest_bar, beta_bar + rest_bar


def gravity_adjoint(q, a_bar):
    r2 = np.sum(q**2)
    return (3.0 * (q @ a_bar) / r2 * q - a_bar) / r2**1.5


def leapfrog(q, v, dt, steps, target):
    qs = [q]
    a = -q / np.sum(q**2) ** 1.5
    for _ in range(steps):
        v = v + 0.5 * dt * a
        q = q + dt * v
        qs.append(q)
        a = -q / np.sum(q**2) ** 1.5
        v = v + 0.5 * dt * a
    q_bar = 2.0 * (q - target)
    v_bar = np.zeros_like(v)
    a_bar = np.zeros_like(v)
    for q in qs[:0:-1]:
        a_bar = a_bar + 0.5 * dt * v_bar
        q_bar = q_bar + gravity_adjoint(q, a_bar)
        v_bar = v_bar + dt * q_bar
        a_bar = 0.5 * dt * v_bar
    return q_bar + gravity_adjoint(qs[0], a_bar), v_bar


def heat_equation(k, u, dt, steps, measured):
    u = u.copy()
    slopes = []
    for _ in range(steps):
        slope = u[1:] - u[:-1]
        slopes.append(slope)
        flux = k * slope
        u[1:-1] += dt * (flux[1:] - flux[:-1])
    u_bar = 2.0 / len(u) * (u - measured)
    k_bar = np.zeros_like(k)
    flux_bar = np.zeros_like(k)
    for slope in reversed(slopes):
        flux_bar[1:] = dt * u_bar[1:-1]
        flux_bar[0] = 0.0
        flux_bar[:-1] -= dt * u_bar[1:-1]
        k_bar += slope * flux_bar
        u_bar[1:] += k * flux_bar
        u_bar[:-1] -= k * flux_bar
    return k_bar, u_bar


def n_body(position, velocity, mass, dt, steps):
    saved = []
    for _ in range(steps):
        d = position[None, :, :] - position[:, None, :]
        r2 = np.sum(d**2, axis=-1) + 0.01
        pull = mass / r2**1.5
        saved.append((d, r2, pull))
        velocity = velocity + dt * np.sum(pull[:, :, None] * d, axis=1)
        position = position + dt * velocity
    position_bar = 2.0 * mass[:, None] * position
    velocity_bar = np.zeros_like(velocity)
    for d, r2, pull in reversed(saved):
        velocity_bar += dt * position_bar
        a_bar = dt * velocity_bar
        pull_bar = np.sum(a_bar[:, None, :] * d, axis=-1)
        r2_bar = -1.5 * pull_bar * pull / r2
        d_bar = pull[:, :, None] * a_bar[:, None, :] + 2.0 * r2_bar[:, :, None] * d
        position_bar += d_bar.sum(axis=0) - d_bar.sum(axis=1)
    return position_bar, velocity_bar


def newton(mean_anomaly, eccentricity, tolerance):
    E = mean_anomaly
    error = E - eccentricity * math.sin(E) - mean_anomaly
    saved = []
    while abs(error) > tolerance:
        saved.append((E, error))
        E -= error / (1.0 - eccentricity * math.cos(E))
        error = E - eccentricity * math.sin(E) - mean_anomaly
    E_bar, error_bar, m_bar, e_bar = 1.0, 0.0, 0.0, 0.0
    after = E
    for E, error in reversed(saved):
        m_bar -= error_bar
        e_bar -= error_bar * math.sin(after)
        E_bar += error_bar * (1.0 - eccentricity * math.cos(after))
        slope = 1.0 - eccentricity * math.cos(E)
        error_bar = -E_bar / slope
        slope_bar = E_bar * error / slope**2
        e_bar -= slope_bar * math.cos(E)
        E_bar += slope_bar * eccentricity * math.sin(E)
        after = E
    m_bar -= error_bar
    e_bar -= error_bar * math.sin(after)
    E_bar += error_bar * (1.0 - eccentricity * math.cos(after))
    return m_bar + E_bar, e_bar


def cholesky(A, y):
    n = len(y)
    L = np.zeros((n, n))
    for j in range(n):
        L[j, j] = np.sqrt(A[j, j] - L[j, :j] @ L[j, :j])
        for i in range(j + 1, n):
            L[i, j] = (A[i, j] - L[i, :j] @ L[j, :j]) / L[j, j]
    z = np.zeros(n)
    for i in range(n):
        z[i] = (y[i] - L[i, :i] @ z[:i]) / L[i, i]
    A_bar, y_bar = np.zeros_like(A), np.zeros_like(y)
    L_bar = np.diag(1.0 / np.diag(L))
    z_bar = z.copy()
    for i in range(n - 1, -1, -1):
        t = z_bar[i] / L[i, i]
        y_bar[i] = t
        L_bar[i, :i] -= t * z[:i]
        z_bar[:i] -= t * L[i, :i]
        L_bar[i, i] -= t * z[i]
    for j in range(n - 1, -1, -1):
        for i in range(n - 1, j, -1):
            t = L_bar[i, j] / L[j, j]
            A_bar[i, j] = t
            L_bar[i, :j] -= t * L[j, :j]
            L_bar[j, :j] -= t * L[i, :j]
            L_bar[j, j] -= t * L[i, j]
        t = 0.5 * L_bar[j, j] / L[j, j]
        A_bar[j, j] = t
        L_bar[j, :j] -= 2.0 * t * L[j, :j]
    return A_bar, y_bar


def power_iteration(A, v, steps):
    units, norms = [v], []
    for _ in range(steps):
        v = A @ v
        norm = np.sqrt(v @ v)
        v = v / norm
        units.append(v)
        norms.append(norm)
    A_bar = np.outer(v, v)
    v_bar = (A + A.T) @ v
    for k in range(steps - 1, -1, -1):
        v = units[k + 1]
        w_bar = (v_bar - (v_bar @ v) * v) / norms[k]
        A_bar += np.outer(w_bar, units[k])
        v_bar = A.T @ w_bar
    return A_bar


def wasserstein(x, y):
    order = np.argsort(x)
    x_bar = np.empty_like(x)
    x_bar[order] = np.sign(x[order] - np.sort(y)) / len(x)
    return x_bar


def trimmed_squares(w, X, y, keep):
    residual = X @ w - y
    chosen = np.argsort(residual**2)[:keep]
    return 2.0 / keep * (X[chosen].T @ residual[chosen])


def gaussian_process(log_length, log_scale, log_noise, x, y):
    n = len(x)
    d2 = ((x[:, None] - x[None, :]) / np.exp(log_length)) ** 2
    E = np.exp(2.0 * log_scale - 0.5 * d2)
    noise = np.exp(2.0 * log_noise)
    inverse = np.linalg.inv(E + noise * np.eye(n))
    alpha = inverse @ y
    K_bar = 0.5 * (inverse - np.outer(alpha, alpha))
    KE = K_bar * E
    return np.sum(KE * d2), 2.0 * np.sum(KE), 2.0 * noise * np.trace(K_bar)


def fft_filter(cutoff, order, signal, target):
    n = len(signal)
    ratio = np.fft.rfftfreq(n) / cutoff
    power = ratio ** (2.0 * order)
    gain = 1.0 / np.sqrt(1.0 + power)
    spectrum = np.fft.rfft(signal)
    r_bar = 2.0 / n * (np.fft.irfft(gain * spectrum, n) - target)
    weight = np.full(len(gain), 2.0 / n)
    weight[0] = 1.0 / n
    if n % 2 == 0:
        weight[-1] = 1.0 / n
    gain_bar = weight * np.real(np.conj(np.fft.rfft(r_bar)) * spectrum)
    power_bar = -0.5 * gain_bar * gain**3
    log_ratio = np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0.0)
    return -2.0 * order / cutoff * np.sum(power_bar * power), 2.0 * np.sum(power_bar * power * log_ratio)


def asian_option(spot, rate, volatility, strike, maturity, normals):
    steps, paths = normals.shape
    dt = maturity / steps
    root = math.sqrt(dt)
    price = np.full(paths, spot)
    prices = []
    total = np.zeros(paths)
    for z in normals:
        price = price * np.exp((rate - 0.5 * volatility**2) * dt + volatility * root * z)
        prices.append(price)
        total += price
    payoff = np.maximum(total / steps - strike, 0.0)
    discount = np.exp(-rate * maturity)
    total_bar = discount / (paths * steps) * (payoff > 0.0)
    log_bar = np.zeros(paths)
    drift_bar = volatility_bar = 0.0
    for z, price in zip(normals[::-1], reversed(prices)):
        log_bar += total_bar * price
        drift_bar += log_bar.sum()
        volatility_bar += log_bar @ z
    rate_bar = dt * drift_bar - maturity * discount * np.mean(payoff)
    return log_bar.sum() / spot, rate_bar, root * volatility_bar - volatility * dt * drift_bar


def robot_arm(angles, links, target):
    frames = [np.eye(4)]
    joints = []
    for angle, (length, offset, twist) in zip(angles, links):
        c, s, ct, st = np.cos(angle), np.sin(angle), np.cos(twist), np.sin(twist)
        joints.append(
            np.array(
                [
                    [c, -s * ct, s * st, length * c],
                    [s, c * ct, -c * st, length * s],
                    [0.0, st, ct, offset],
                    [0.0, 0.0, 0.0, 1.0],
                ]
            )
        )
        frames.append(frames[-1] @ joints[-1])
    angles_bar = np.zeros_like(angles)
    T_bar = np.zeros((4, 4))
    T_bar[:3, 3] = 2.0 * (frames[-1][:3, 3] - target)
    for i in range(len(angles) - 1, -1, -1):
        J_bar = frames[i].T @ T_bar
        # the joint's rows turn into each other: d row 0 = -row 1, d row 1 = row 0
        angles_bar[i] = J_bar[1] @ joints[i][0] - J_bar[0] @ joints[i][1]
        T_bar = T_bar @ joints[i].T
    return angles_bar
