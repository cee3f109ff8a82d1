"""How much is known: the kinds of one-line functions, through the front end, the rules and the families."""

from __future__ import annotations

import linecache
import math
import operator

import numpy as np
import pytest

from srcad.analysis.infer import infer
from srcad.analysis.kindspec import parse
from srcad.frontend.lower import lower

TABLE = [
    ("lambda x: np.sin(x) * 2 + x", "f8[n]"),
    ("lambda x: x ** 2", "f8[n]"),
    ("lambda M: M.T", "f8[d, n]"),
    ("lambda M: M.mT", "f8[d, n]"),
    ("lambda M, y: M.T @ M", "f8[d, d]"),
    ("lambda M: M.sum(axis=0)", "f8[d]"),
    ("lambda M: M.sum(0, keepdims=True)", "f8[1, d]"),
    ("lambda M: np.mean(M, axis=(0, 1))", "np.f8"),
    ("lambda M: np.mean(M)", "np.f8"),
    ("lambda M: np.max(M, axis=-1)", "f8[n]"),
    ("lambda M: M.std(axis=1)", "f8[n]"),
    ("lambda M: np.argmax(M, axis=1)", "i8[n]"),
    ("lambda M: M - M.mean(axis=1, keepdims=True)", "f8[n, d]"),
    ("lambda M: np.cumsum(M, axis=0)", "f8[n, d]"),
    ("lambda x: np.cumsum(x)", "f8[n]"),
    ("lambda M: M.reshape(-1)", "f8[?]"),
    ("lambda x: x.reshape(-1, 1)", "f8[n, 1]"),
    ("lambda x: x.reshape((len(x), 1))", "f8[n, 1]"),
    ("lambda x: np.reshape(x, (1, x.shape[0]))", "f8[1, n]"),
    ("lambda M: M.reshape(M.shape[0], -1)", "f8[n, d]"),
    ("lambda M: M.reshape(M.shape)", "f8[n, d]"),
    ("lambda x: x.ravel()", "f8[n]"),
    ("lambda M: np.transpose(M, (1, 0))", "f8[d, n]"),
    ("lambda M: M.transpose(1, 0)", "f8[d, n]"),
    ("lambda M: np.swapaxes(M, 0, 1)", "f8[d, n]"),
    ("lambda M: np.moveaxis(M, 0, -1)", "f8[d, n]"),
    ("lambda x: np.expand_dims(x, 0)", "f8[1, n]"),
    ("lambda x: x[:, None]", "f8[n, 1]"),
    ("lambda x: np.squeeze(x[:, None], axis=1)", "f8[n]"),
    ("lambda x: np.squeeze(x[:, None])", "f8[n]"),
    ("lambda x: np.broadcast_to(x, (3, len(x)))", "f8[3, n]"),
    ("lambda x: np.concatenate([x, x])", "f8[2*n]"),
    ("lambda x: np.concatenate((x, x[1:]))", "f8[?]"),
    ("lambda x: np.stack([x, x], axis=1)", "f8[n, 2]"),
    ("lambda x: np.vstack([x, x])", "f8[2, n]"),
    ("lambda x: np.hstack([x, x])", "f8[2*n]"),
    ("lambda M: np.concatenate([M, M], axis=1)", "f8[n, 2*d]"),
    ("lambda x: np.where(x > 0, x, 0.0)", "f8[n]"),
    ("lambda x: np.clip(x, 0.0, 1.0)", "f8[n]"),
    ("lambda x: np.maximum(x, 0)", "f8[n]"),
    ("lambda x: x > 0", "b1[n]"),
    ("lambda x: np.tri(len(x))", "f8[n, n]"),
    ("lambda x: np.tri(len(x), 3, dtype=bool)", "b1[n, 3]"),
    ("lambda x: np.cross(np.zeros((4, 3)), np.zeros(3))", "f8[4, 3]"),
    ("lambda x: np.cross(np.zeros(3), x)", "f8[3]"),
    ("lambda x: np.cross(x, x)", "?"),
    ("lambda x: np.cross(np.zeros((3, 4)), np.zeros((3, 4)), axis=0)", "?"),
    ("lambda x: np.argsort(x)", "i8[n]"),
    ("lambda M: np.argsort(M, axis=0)", "i8[n, d]"),
    ("lambda M: M.argsort()", "i8[n, d]"),
    ("lambda x: np.argsort(x, axis=None)", "i8[n]"),
    ("lambda x: np.take_along_axis(x, np.argsort(x), -1)", "f8[n]"),
    ("lambda M: np.take_along_axis(M, np.argmax(M, axis=1, keepdims=True), 1)", "f8[n, 1]"),
    ("lambda M, x: np.take_along_axis(M, np.argsort(x)[None, :], 0)", "f8[1, d]"),
    ("lambda x: np.fft.fft(x)", "c16[n]"),
    ("lambda M: np.fft.fft(M, 8, 0)", "c16[8, d]"),
    ("lambda x: np.fft.fft(x, 2 * len(x) + 1)", "c16[2*n + 1]"),
    ("lambda M: np.fft.rfft(M)", "c16[n, d // 2 + 1]"),
    ("lambda x: np.fft.rfft(x) * np.fft.rfftfreq(len(x))", "c16[n // 2 + 1]"),
    ("lambda x: np.fft.irfft(np.fft.rfft(x), len(x))", "f8[n]"),
    ("lambda x: np.fft.irfft(x)", "f8[2*n - 2]"),
    ("lambda x: np.fft.fftfreq(len(x), 0.1)", "f8[n]"),
    ("lambda M: np.fft.fft2(M)", "c16[n, d]"),
    ("lambda M: np.fft.ifftn(M, (4, 4))", "c16[?, ?]"),
    ("lambda M, x: np.dot(M, M[0])", "f8[n]"),
    ("lambda x: x @ x", "np.f8"),
    ("lambda x: np.dot(x, x)", "np.f8"),
    ("lambda x: np.inner(x, x)", "np.f8"),
    ("lambda x: np.outer(x, x)", "f8[n, n]"),
    ("lambda M: np.tensordot(M, M, axes=([0], [0]))", "f8[d, d]"),
    ("lambda M: np.tensordot(M, M, axes=2)", "f8[]"),
    ("lambda M: np.einsum('ij,kj->ik', M, M)", "f8[n, n]"),
    ("lambda M: np.einsum('ij,ij', M, M)", "np.f8"),
    ("lambda M: np.trace(M)", "np.f8"),
    ("lambda M: np.linalg.inv(M.T @ M)", "f8[d, d]"),
    ("lambda M: np.linalg.solve(M.T @ M, M[0])", "f8[d]"),
    ("lambda M: np.linalg.det(M.T @ M)", "np.f8"),
    ("lambda M: np.linalg.slogdet(M.T @ M)[1]", "np.f8"),
    ("lambda M: np.linalg.slogdet(M.T @ M).logabsdet", "np.f8"),
    ("lambda M: np.linalg.cholesky(M.T @ M)", "f8[d, d]"),
    ("lambda x: np.linalg.norm(x)", "np.f8"),
    ("lambda M: np.linalg.norm(M, axis=1)", "f8[n]"),
    ("lambda x: np.zeros_like(x)", "f8[n]"),
    ("lambda x: np.zeros((len(x) + 1, 2))", "f8[n + 1, 2]"),
    ("lambda x: np.zeros(x.shape)", "f8[n]"),
    ("lambda x: np.zeros(len(x) - 2)", "f8[n - 2]"),
    ("lambda x: np.ones(x.shape[0], dtype=np.float32)", "f4[n]"),
    ("lambda x: np.full(3, x[0])", "f8[3]"),
    ("lambda x: np.eye(len(x))", "f8[n, n]"),
    ("lambda x: np.arange(len(x))", "i8[n]"),
    ("lambda x: np.arange(3.0)", "f8[?]"),
    ("lambda x: np.linspace(0.0, 1.0, len(x))", "f8[n]"),
    ("lambda x: np.array([1.0, 2.0])", "f8[2]"),
    ("lambda x: np.array([x, x])", "f8[2, n]"),
    ("lambda x, s: np.array([[s, 1.0], [0.0, s]])", "f8[2, 2]"),
    ("lambda x, s: np.array([s, 2 * s])", "f8[2]"),
    ("lambda x: np.asarray(x)", "f8[n]"),
    ("lambda x: x.astype(np.float32)", "f4[n]"),
    ("lambda x: x.astype('f4') * 2.0", "f4[n]"),
    ("lambda x: x.copy()", "f8[n]"),
    ("lambda x: np.copy(x)", "f8[n]"),
    ("lambda x: np.round(x, 2)", "f8[n]"),
    ("lambda x: np.sort(x)", "f8[n]"),
    ("lambda x: np.abs(x + 1j)", "f8[n]"),
    ("lambda x: (x + 1j).real", "f8[n]"),
    ("lambda x: x[1:-1]", "f8[n - 2]"),
    ("lambda x: x[1:len(x) - 1]", "f8[n - 2]"),
    ("lambda x: x[::-1]", "f8[n]"),
    ("lambda x: x[0]", "np.f8"),
    ("lambda x: x[-1] * 2.0", "np.f8"),
    ("lambda M: M[0]", "f8[d]"),
    ("lambda M: M[:, 0]", "f8[n]"),
    ("lambda M: M[1:, :-1]", "f8[n - 1, d - 1]"),
    ("lambda M: M[..., 0]", "f8[n]"),
    ("lambda M, i: M[i]", "f8[m, d]"),
    ("lambda M, i: M[np.arange(len(i)), i]", "f8[m]"),
    ("lambda x: x[x > 0]", "f8[?]"),
    ("lambda x: x.shape", "(int(n),)"),
    ("lambda x: x.size + x.ndim", "int(n + 1)"),
    ("lambda x: len(x)", "int(n)"),
    ("lambda x: float(x[0])", "float"),
    ("lambda x: math.sin(x[0])", "float"),
    ("lambda s: s * s + 1", "float"),
    ("lambda s: s ** 2", "float"),
    ("lambda s: abs(s)", "float"),
    ("lambda s: np.sin(s)", "np.f8"),
    ("lambda s: max(s, 0.0)", "float"),
    ("lambda s: 1 if isinstance(s, float) else 'no'", "int(1)"),
    ("lambda x: np.ndim(x) == 1", "bool(1)"),
    ("lambda s: None is None", "bool(1)"),
    ("lambda x: sum(x)", "np.f8"),
    ("lambda s: sum([s, s])", "float"),
    ("lambda x: [2 * v for v in x]", "list[np.f8]"),
    ("lambda x: (x, 1.0)[0]", "f8[n]"),
    ("lambda x: {'a': x}['a']", "f8[n]"),
    ("lambda p: p['W'] @ p['b']", "f8[n]"),
    ("lambda xs: xs[0]", "f8[n]"),
    ("lambda s: f'{s}'", "str"),
    ("lambda x: divmod(7, 2)", "(int, int)"),
    ("lambda x: operator.mul(x, 2.0)", "f8[n]"),
    ("lambda s: np.round(s, 2)", "np.f8"),
    ("lambda s: s.conjugate()", "float"),
    ("lambda M: [M[i, j] for i, j in np.ndindex(*M.shape)]", "list[np.f8]"),
    ("lambda M: [a for i, a in np.ndenumerate(M)]", "list[np.f8]"),
]
TYPES = "x: f8[n], M: f8[n, d], s: float, i: i8[m], y: f8[k], p: {W: f8[n, d], b: f8[d]}, xs: list[f8[n]]"


def compiled(text):
    """The function of a row, with its source where the front end finds it."""
    file = f"<{text}>"
    source = f"f = {text}\n"
    linecache.cache[file] = (len(source), None, [source], file)
    scope = {"np": np, "math": math, "operator": operator}
    exec(compile(source, file, "exec"), scope)
    return scope["f"]


@pytest.mark.parametrize(("text", "shown"), TABLE)
def test_kind(text, shown):
    function = lower(compiled(text))
    kinds = parse(TYPES)
    typed = infer(function, [kinds[p.name] for p in function.body.params])
    assert str(typed.result) == shown
