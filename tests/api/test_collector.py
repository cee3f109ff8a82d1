"""Python's collector of cycles pauses while something is compiled, and is afterwards what it was."""

import gc
import threading

import pytest

import srcad
from srcad import derivative, grad
from srcad.versions import CompileLock

seen = []


@pytest.fixture(autouse=True)
def collecting():
    """Each test begins with a collector that is on, and nothing seen."""
    was = gc.isenabled()
    gc.enable()
    seen.clear()
    yield
    (gc.enable if was else gc.disable)()


@pytest.fixture
def watched(monkeypatch):
    """Every compilation notes whether the collector is on."""
    real = derivative.Derivative._compile

    def compile_and_note(self, *args, **options):
        seen.append(gc.isenabled())
        made = real(self, *args, **options)
        seen.append(gc.isenabled())
        return made

    monkeypatch.setattr(derivative.Derivative, "_compile", compile_and_note)


def cube(x):
    return x * x * x


def first(items):
    return items[0] * items[0]


def wrong(x):
    yield x


def test_pauses_while_compiling(watched):
    assert grad(lambda x: x * x)(3.0) == 6.0
    assert seen == [False, False]
    assert gc.isenabled()


def test_stays_off_where_it_was_off(watched):
    gc.disable()
    assert grad(lambda x: x * x)(3.0) == 6.0
    assert seen == [False, False]
    assert not gc.isenabled()


def test_goes_on_after_an_error(watched):
    with pytest.raises(srcad.SrcadError):
        grad(wrong)(3.0)
    assert seen == [False]
    assert gc.isenabled()


def test_goes_on_after_an_interruption(monkeypatch):
    def interrupted(self, *args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(derivative.Derivative, "_compile", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grad(lambda x: x * x)(3.0)
    assert gc.isenabled()


def test_stays_paused_until_the_outermost_one_is_done(watched):
    assert grad(grad(cube))(2.0) == 12.0
    assert len(seen) > 2, "the derivative inside was compiled, too"
    assert not any(seen)
    assert gc.isenabled()
    lock = CompileLock()
    with lock:
        with lock:
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_runs_while_the_lock_is_let_go_of():
    lock = CompileLock()
    with lock, lock:
        assert lock.outside(gc.isenabled)
        assert not gc.isenabled()
    assert gc.isenabled()


def test_off_by_the_users_own_code_while_the_lock_is_let_go_of():
    lock = CompileLock()
    with lock:
        lock.outside(gc.disable)
    assert not gc.isenabled()


def test_many_threads(watched):
    ready = threading.Barrier(8)
    found = []

    def work():
        ready.wait()
        for count in range(1, 13):  # a version for each number of items
            found.append(srcad.grad(first)((2.0,) * count)[0] == 4.0)

    names = [threading.Thread(target=work) for _ in range(8)]
    for thread in names:
        thread.start()
    for thread in names:
        thread.join()
    assert gc.isenabled()
    assert found == [True] * 96
    assert seen
    assert not any(seen)


def test_a_refused_lock_changes_nothing():
    lock = CompileLock()
    answers = []
    with lock:
        gc.enable()  # as somebody else may
        thread = threading.Thread(target=lambda: answers.append(lock.acquire(blocking=False)))
        thread.start()
        thread.join()
        assert answers == [False]
        assert gc.isenabled()
    assert gc.isenabled()
