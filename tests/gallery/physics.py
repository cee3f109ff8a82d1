"""Differential equations, integrated in time."""

import numpy as np


def lotka_volterra(y, p):
    prey, predator = y
    return np.array([prey * (p[0] - p[1] * predator), predator * (p[2] * prey - p[3])])


def runge_kutta(p, y, dt, observed):
    """Predators and prey, integrated by the classical Runge-Kutta method and compared with what was observed."""
    error = 0.0
    for target in observed:
        k1 = lotka_volterra(y, p)
        k2 = lotka_volterra(y + 0.5 * dt * k1, p)
        k3 = lotka_volterra(y + 0.5 * dt * k2, p)
        k4 = lotka_volterra(y + dt * k3, p)
        y = y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        error += np.sum((y - target) ** 2)
    return error


def gravity(q):
    return -q / np.sum(q**2) ** 1.5


def leapfrog(q, v, dt, steps, target):
    """A planet's orbit by the leapfrog method: how far it is from a target in the end."""
    a = gravity(q)
    for _ in range(steps):
        v = v + 0.5 * dt * a
        q = q + dt * v
        a = gravity(q)
        v = v + 0.5 * dt * a
    return np.sum((q - target) ** 2)


def heat_equation(k, u, dt, steps, measured):
    """The temperature of a rod whose conductivity varies along it."""
    for _ in range(steps):
        flux = k * (u[1:] - u[:-1])
        u[1:-1] += dt * (flux[1:] - flux[:-1])
    return np.mean((u - measured) ** 2)


def n_body(position, velocity, mass, dt, steps):
    """Bodies that attract each other; the moment of inertia in the end."""
    for _ in range(steps):
        d = position[None, :, :] - position[:, None, :]
        r2 = np.sum(d**2, axis=-1) + 0.01
        acceleration = np.sum((mass / r2**1.5)[:, :, None] * d, axis=1)
        velocity = velocity + dt * acceleration
        position = position + dt * velocity
    return np.sum(mass[:, None] * position**2)


def spring_mesh(stiffness, x, v, head, tail, rest, dt, steps, target):
    """A net of springs that falls and swings; each spring pulls at the two nodes that it joins."""
    for _ in range(steps):
        d = x[head] - x[tail]
        length = np.sqrt(np.sum(d**2, axis=1))
        pull = (stiffness * (length - rest) / length)[:, None] * d
        force = np.zeros_like(x)
        force[:, 1] -= 9.81
        np.add.at(force, tail, pull)
        np.add.at(force, head, -pull)
        v = 0.99 * v + dt * force
        x = x + dt * v
    return np.sum((x - target) ** 2)
