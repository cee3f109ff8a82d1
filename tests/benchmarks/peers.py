"""The same programs in other libraries, where they are installed: float64, one thread, arguments converted before."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from tests.benchmarks.cases import Case


@dataclass(frozen=True)
class Candidate:
    """One gradient of a case: a function, its own arguments, and the form of the program where it is not the case's."""

    run: Callable[..., Any]
    args: tuple[Any, ...]
    form: str = ""


def under(f: FunctionType, module: Any) -> FunctionType:
    """The same code with another module in place of ``np``."""
    return FunctionType(f.__code__, f.__globals__ | {"np": module}, f.__name__)


def _form(case: Case, *others: FunctionType | None) -> tuple[FunctionType, str]:
    """The form of the program that a peer takes: the first that there is, else the primal; and its name."""
    found = next((f for f in others if f is not None), case.primal)
    return found, "" if found is case.primal else found.__name__.rpartition("_")[2]


def _autograd(case: Case) -> Candidate:
    import autograd
    import autograd.numpy as anp

    f, form = _form(case, case.functional)
    return Candidate(autograd.grad(under(f, anp), case.wrt), case.args, form)


class _TorchNames:
    """PyTorch under NumPy's names."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self.max = torch.amax

    def __getattr__(self, name: str) -> Any:
        return getattr(self._torch, name)


def _torch(case: Case) -> Candidate:
    import torch

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    f, form = _form(case, case.cloned, case.functional)
    program = under(f, _TorchNames(torch))
    args = [torch.tensor(a) if k < case.count or isinstance(a, np.ndarray) else a for k, a in enumerate(case.args)]
    leaves = [a.requires_grad_() for a in args[: case.count]]

    def gradient(*args: Any) -> Any:
        return torch.autograd.grad(program(*args), leaves)

    return Candidate(gradient, tuple(args), form)


def _jax(case: Case, *, compiled: bool = False) -> Candidate:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    integers = tuple(k for k, a in enumerate(case.args) if isinstance(a, int))
    args = tuple(a if k in integers else jnp.asarray(a) for k, a in enumerate(case.args))
    f, form = _form(case, case.compiled if compiled else None, case.functional)
    gradient = jax.grad(under(f, jnp), case.wrt)
    if compiled:
        gradient = jax.jit(gradient, static_argnums=integers)
    return Candidate(lambda *a: jax.block_until_ready(gradient(*a)), args, form)


def _jax_jit(case: Case) -> Candidate:
    return _jax(case, compiled=True)


#: The name of each peer, the package that it needs, and how its gradient is made.
PEERS: Mapping[str, tuple[str, Callable[[Case], Candidate]]] = {
    "autograd": ("autograd", _autograd),
    "PyTorch": ("torch", _torch),
    "JAX": ("jax", _jax),
    "JAX jit": ("jax", _jax_jit),
}


def installed() -> dict[str, Callable[[Case], Candidate]]:
    """The peers that can be imported."""
    found = {}
    for name, (package, make) in PEERS.items():
        try:
            importlib.import_module(package)
        except ImportError:
            continue
        found[name] = make
    return found
