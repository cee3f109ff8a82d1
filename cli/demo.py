"""``srcad demo``: the main job on real data. Shows a network's loss and its gradient, trains with it, and checks it."""

from __future__ import annotations

import argparse
import inspect
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from srcad.cli import iris
from srcad.cli.network import loss as network_loss
from srcad.cli.output import has_colours, print_python, side_by_side
from srcad.cli.usage import Commands

_CHECK_FAILED = 1
_RATE, _MOMENTUM = 0.1, 0.9

loss: Callable[..., Any] = network_loss


def configure(commands: Commands) -> None:
    """Adds the command to the parser."""
    parser = commands.add_parser(
        "demo",
        help="train a network on Fisher's Iris data with a generated gradient",
        description="Prints the loss of a two-layer network and its generated gradient side by side, trains the\n"
        "network on Fisher's Iris data, and reports accuracy, a check of the gradient, and the time\n"
        "against finite differences.",
        epilog="example:\n  srcad demo --steps 500 --hidden 16\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--steps", type=_positive, default=300, help="of gradient descent; default: 300")
    parser.add_argument("--hidden", type=_positive, default=8, help="units of the hidden layer; default: 8")
    parser.add_argument("--seed", type=int, default=0, help="of the initial weights; default: 0")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit code."""
    from srcad import api

    gradient = api.value_and_grad(loss, argnums=(0, 1, 2, 3))
    data = iris.load()
    parameters = iris.initial(options.hidden, options.seed)
    start = time.perf_counter()
    gradient(*parameters, data.x, data.y)
    compiled = time.perf_counter() - start

    _show(inspect.getsource(loss), gradient.source)
    print(f"\nfirst call in {1e3 * compiled:.0f} ms, with loading the compiler; ", end="")
    print(f"training on {len(data.x)} flowers, {options.steps} steps")
    _train(gradient, parameters, data, options.steps)
    for name, x, y in (("seen", data.x, data.y), ("held-out", data.x_test, data.y_test)):
        print(f"accuracy on {len(x)} {name} flowers: {100 * iris.accuracy(parameters, x, y):.1f} %")

    report = api.check(loss, [*parameters, data.x, data.y], argnums=(0, 1, 2, 3), seed=options.seed)
    print(f"\ncheck of the gradient at the trained weights\n{report}")
    _compare_times(gradient, parameters, data)
    return 0 if report.ok else _CHECK_FAILED


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return number


def _show(primal: str, gradient: str) -> None:
    """The two sources in two columns; one after the other on a terminal that is too narrow for it."""
    text = side_by_side(primal, gradient)
    wide_enough = max(map(len, text.splitlines())) <= shutil.get_terminal_size().columns
    print_python(text if wide_enough or not sys.stdout.isatty() else f"{primal.rstrip()}\n\n\n{gradient}")


def _train(gradient: Callable[..., Any], parameters: iris.Parameters, data: iris.Iris, steps: int) -> None:
    """Gradient descent with momentum, in place."""
    velocity = [0.0 * p for p in parameters]
    for show in _progress(steps):
        value, found = gradient(*parameters, data.x, data.y)
        for p, v, g in zip(parameters, velocity, found, strict=True):
            v *= _MOMENTUM
            v -= _RATE * g
            p += v
        show(float(value))


def _progress(steps: int) -> Iterator[Callable[[float], None]]:
    """The steps, each with a function that takes the loss and shows it: a bar on a terminal, else a few lines."""
    if has_colours(sys.stdout):
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        with Progress(TextColumn("loss {task.fields[loss]:.4f}"), BarColumn(), MofNCompleteColumn()) as bar:
            task = bar.add_task("training", total=steps, loss=float("nan"))
            for _ in range(steps):
                yield lambda value: bar.update(task, advance=1, loss=value)
        return
    every = max(1, steps // 6)
    for step in range(1, steps + 1):
        yield lambda value, step=step: (  # type: ignore[misc]
            print(f"  step {step:4d}  loss {value:.4f}") if step == 1 or step % every == 0 else None
        )


def _compare_times(gradient: Callable[..., Any], parameters: iris.Parameters, data: iris.Iris) -> None:
    count = sum(p.size for p in parameters)
    generated = _seconds(lambda: gradient(*parameters, data.x, data.y), 200)
    differences = _seconds(lambda: iris.by_differences(loss, parameters, data.x, data.y), 3)
    primal = _seconds(lambda: loss(*parameters, data.x, data.y), 200)
    print(
        f"\ntime of one gradient ({count} parameters): generated {1e6 * generated:.0f} us "
        f"({generated / primal:.1f} times the loss alone), finite differences {1e6 * differences:.0f} us "
        f"({differences / generated:.0f} times as long)"
    )


def _seconds(run: Callable[[], object], repeat: int) -> float:
    """The shortest of a few runs: what the code costs when nothing disturbs it."""
    best = float("inf")
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best
