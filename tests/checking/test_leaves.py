"""Trees of arguments: what is found, copied and compared."""

import collections
import dataclasses
import threading

import numpy as np

from srcad.checking.leaves import copied, differences, is_object, leaves, rebuild, same_bits

Point = collections.namedtuple("Point", "x y")


@dataclasses.dataclass
class Layer:
    W: np.ndarray
    b: float
    name: str = "layer"


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted:
    a: float
    n: int


class Callable:
    def __init__(self):
        self.w = 2.0

    def __call__(self, x):
        return self.w * x


def test_leaves_are_named_by_their_paths():
    tree = {"p": Point(1.0, 2), "l": [Layer(np.ones(2), 0.5), Slotted(3.0, 4)], "c": Callable(), "f": np.sin, "k": 3}
    found = leaves(tree, "x")
    assert list(found) == ["x['p'].x", "x['l'][0].W", "x['l'][0].b", "x['l'][1].a", "x['c'].w"]


def test_functions_classes_modules_and_generators_of_random_numbers_are_no_objects():
    assert not any(is_object(v) for v in (np.sin, np.sum, np, Layer, len, print, np.random.default_rng(0), "x"))


def test_a_copy_has_the_same_bits_order_and_sharing_and_no_common_memory():
    a = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    shared = [a, a]
    tree = (shared, {"s": shared, "d": collections.deque([a])}, Layer(a, np.float32(2)))
    new = copied(tree)
    assert not differences(tree, new, "x")
    assert new[0] is new[1]["s"] and new[0][0] is new[0][1] is new[1]["d"][0] is new[2].W
    assert new[0][0].flags.f_contiguous and not np.shares_memory(new[0][0], a)
    assert type(new[2].b) is np.float32


def test_a_copied_generator_draws_the_same_numbers():
    rng = np.random.default_rng(3)
    assert copied((rng,))[0].random() == copied((rng,))[0].random()


def test_what_cannot_be_copied_is_passed_on():
    lock = threading.Lock()
    assert copied((lock,))[0] is lock


def test_a_list_that_contains_itself_ends():
    items = [1, "a"]
    items.append(items)
    new = rebuild(items, "x", lambda p, v: v)
    assert new[2] is new
    assert not leaves(items, "x") and not differences(items, new, "x") and differences(items, [1, "b", new], "x")


def test_bits_are_compared_not_values():
    assert same_bits(np.nan, np.nan) and not same_bits(0.0, -0.0) and not same_bits(1.0, np.float64(1.0))


def test_differences_name_the_place():
    old = {"a": [np.zeros(2), 1], "b": "text"}
    new = copied(old)
    new["a"][0][1] = 1e-300
    new["b"] = "other"
    assert differences(old, new, "x") == ["x['a'][0]", "x['b']"]
