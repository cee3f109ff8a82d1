"""One thread for every library: to be set before any of them is imported."""

import os

_ONE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


def single_threaded() -> None:
    """Set what the libraries read when they are imported."""
    os.environ.update(_ONE)
