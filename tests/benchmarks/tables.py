"""The results as tables of text: what the command prints and the page shows."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.measure import Timing, middle

#: The columns of the main table: what is timed, and what the page calls it. All are relative to the gradient by hand.
COLUMNS = {
    "simplified": "by hand, simplified",
    "srcad alone": "srcad, the generated function",
    "srcad": "srcad, called",
    "autograd": "autograd",
    "PyTorch": "PyTorch",
    "JAX": "JAX",
    "JAX jit": "JAX jit",
}
FIRST = ("srcad", "autograd", "PyTorch", "JAX", "JAX jit")


def number(value: float) -> str:
    """Two or three digits."""
    return f"{value:.2f}" if value < 9.95 else f"{value:.1f}" if value < 99.5 else f"{value:,.0f}"


def spread(timing: Timing, name: str, base: str) -> str:
    """Median and quartiles of the ratios within rounds."""
    ratios = timing.ratios(name, base)
    if not ratios:
        return "-"
    median, low, high = middle(ratios)
    return f"{number(median)} ({number(low)} to {number(high)})"


def median(timing: Timing, name: str, base: str) -> float | None:
    """The median of the ratios within rounds."""
    ratios = timing.ratios(name, base)
    return middle(ratios)[0] if ratios else None


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _notes(timings: Sequence[Timing]) -> tuple[dict[str, str], str]:
    """A letter for each peer form or omission, and the text that explains the letters."""
    texts: dict[str, str] = {}
    for timing in timings:
        for form in timing.forms.values():
            if form:
                texts.setdefault(f"form:{form}", FORMS[form])
        for peer, reason in timing.case.without.items():
            texts.setdefault(f"without:{peer}", f"left out: {peer} {reason}")
    letters = {key: chr(ord("a") + position) for position, key in enumerate(texts)}
    return letters, "; ".join(f"*{letters[key]}* {text}" for key, text in texts.items())


#: What the forms of a program are that peers are given.
FORMS = {
    "functional": "written without stores in place",
    "cloned": "works on a clone of its argument",
    "compiled": "the loop is written with `jax.lax`",
}


def _cell(timing: Timing, name: str, letters: dict[str, str]) -> str:
    if name in timing.case.without:
        return f"*{letters[f'without:{name}']}*"
    form = timing.forms.get(name)
    mark = f" *{letters[f'form:{form}']}*" if form else ""
    return spread(timing, name, "by hand") + mark


def main_table(timings: Sequence[Timing]) -> str:
    """One row for each program, one column for each candidate, relative to the gradient by hand."""
    shown = [name for name in COLUMNS if any(t.seconds.get(name) for t in timings)]
    letters, notes = _notes(timings)
    rows = []
    for timing in timings:
        own = [spread(timing, "srcad alone", "primal"), spread(timing, "by hand", "primal")]
        rows.append([timing.case.name, *own, *(_cell(timing, name, letters) for name in shown)])
    head = ["program", "srcad / function", "by hand / function", *(f"{COLUMNS[name]} / by hand" for name in shown)]
    return f"{table(head, rows)}\n\n{notes}" if notes else table(head, rows)


def first_table(timings: Sequence[Timing]) -> str:
    """First calls, in milliseconds."""
    shown = [name for name in FIRST if any(name in t.first for t in timings)]
    rows = [[t.case.name, *(number(t.first[n] * 1e3) if n in t.first else "-" for n in shown)] for t in timings]
    return table(["program", *shown], rows)


def choice_table(rows: Sequence[tuple[int, float]]) -> str:
    """Nanoseconds of the choice."""
    return table(
        ["arrays", "choosing the version, ns", "target, ns"],
        [[str(count) if count else "0 (one float)", f"{ns:.0f}", f"{200 + 150 * count}"] for count, ns in rows],
    )


def growth_table(rows: Sequence[tuple[str, float, float]]) -> str:
    """What ten times the length costs."""
    return table(
        ["program", "function", "gradient"],
        [[f"`{name}`" if "[" in name else name, f"{f:.1f}", f"{g:.1f}"] for name, f, g in rows],
    )


def start_table(rows: Sequence[tuple[str, float]]) -> str:
    """Milliseconds to begin."""
    return table(["", "ms"], [[name, f"{ms:.0f}"] for name, ms in rows])
