"""Every method of dicts, keys known only at run time, iteration while a dict changes, in both modes."""

import pytest

from tests.programs.table import arr, program
from tests.transform.both_modes import agrees, agrees_if_known, refused


def get_default_active(x, y, keys):
    d = {"a": x * 2}
    t = 0.0
    for k in keys:
        t += d.get(k, y * y) * x
        d[k] = t
    return t


def pop_key(x, k):
    d = {"a": x, "b": x * x, "c": 3 * x}
    v = d.pop(k)
    d["z"] = v * d["c"]
    w = d.pop("nope", v)
    u = d.pop("c", v)
    return v * sum(d.values()) + w * u


def pop_default_active(x, y, k):
    d = {"a": x, "b": x * x}
    v = d.pop(k, y * 3)
    return v * v * sum(d.values())


def popitem(x):
    d = {"a": x, "b": x * x}
    d["c"] = x + 3
    k, v = d.popitem()
    d["q"] = v * d["a"]
    pair = d.popitem()
    return v * v * pair[1] + sum(d.values())


def popitem_loop(x):
    d = {"a": x, "b": x * x, "c": x + 2}
    t = 0.0
    while d:
        k, v = d.popitem()
        t = t * x + v * v
    return t


def update_runtime(x, keys):
    d = {k: x * i for i, k in enumerate(keys)}
    e = {k + "b": x * x * i for i, k in enumerate(keys)}
    e[keys[0]] = x**3
    d.update(e)
    t = 0.0
    for i, (k, v) in enumerate(d.items()):
        t += (i + 1) * v * v
    return t


def update_kw(x):
    d = {"a": x}
    d.update(a=x * x, b=3 * x)
    d.update({"c": x**3}, b=d["a"])
    return d["a"] * d["b"] + d["c"]


def ior(x, k):
    d = {"a": x, k: x * x}
    d |= {"a": x * 3, "r": x}
    e = {k: x + 1}
    d |= e
    e[k] = e[k] * 2
    return sum(i * v for i, v in enumerate(d.values())) * e[k]


def merge_runtime(x, k):
    a = {"a": x, k: x * x}
    b = {k: x * 3, "z": x + 1}
    m = {**a, **b, "a": x**3}
    n = a | b
    return sum((i + 1) * v * v for i, v in enumerate(m.values())) + n["a"] * n[k]


def setdefault_runtime(x, keys):
    d = {}
    t = 0.0
    for i, k in enumerate(keys):
        v = d.setdefault(k, x * (i + 1))
        t += v * v
        d[k] = v * x
    return t + sum(d.values())


def clear_dict(x):
    d = {"a": x, "b": x * x}
    s = d["a"] * d["b"]
    d.clear()
    d["a"] = s * x
    return d["a"] * s


def del_runtime(x, k):
    d = {"a": x, "b": x * x, "c": 3 * x}
    p = d[k]
    del d[k]
    d[k] = p * x
    return sum((i + 1) * v * v for i, v in enumerate(d.values()))


def copy_dict(x, k):
    d = {"a": x, "b": x * x}
    e = d.copy()
    f = dict(d)
    d[k] = x * 3
    e["new"] = x
    f[k] = f["a"] * 2
    return sum(v * v for v in d.values()) * sum(e.values()) + sum(f.values())


def dict_arrays(v, keys):
    d = {}
    for i, k in enumerate(keys):
        d[k] = v * i + v * v
    p = d.pop(keys[0])
    d[keys[1]] = p * d[keys[1]]
    d.setdefault("n", v * 3)
    q = d.get("zz", p)
    return sum((a * a).sum() for a in d.values()) + (p * q).sum()


def iterate_keys(x, keys):
    d = {k: x * (i + 1) for i, k in enumerate(keys)}
    t = 0.0
    for k in d:
        t += d[k] * x
        d[k] = t
    for k, v in d.items():
        t += v * v
    d.pop(keys[0])
    for i, v in enumerate(d.values()):
        t += i * v * v
    for k in sorted(d.keys()):
        t *= d[k]
    return t


def memo(x, n):
    m = {}
    for i in range(n):
        if i < 2:
            m[i] = x * (i + 1)
        else:
            m[i] = m[i - 1] * x + m[i - 2]
        if i > 2:
            del m[i - 2]
    return sum(m.values())


def items_then_change(x):
    d = {"a": x, "b": x * x}
    t = 0.0
    for k, v in d.items():
        t += v * v * x
    d["c"] = t
    d.pop("a")
    for k, v in d.items():
        t += v * v * x
    return t


def values_list(x):
    d = {"a": x, "b": x * x}
    vs = list(d.values())
    d["c"] = vs[0] * vs[1]
    ws = list(d.values())
    del d["a"]
    us = list(d.items())
    return sum(i * w for i, w in enumerate(ws)) * us[1][1]


def inkey(x, keys):
    d = {}
    for k in keys:
        if k in d:
            d[k] = d[k] * x
        else:
            d[k] = x + 1
    return sum((i + 1) * v for i, v in enumerate(d.values()))


def dict_arg(d):
    d["n"] = d["a"] * d["b"]
    a = d.pop("a")
    d.update({"b": a * a})
    return sum((i + 1) * v * v for i, v in enumerate(d.values())) * a


def dict_of_lists(x):
    d = {"a": [x, x * x], "b": [x]}
    row = d.pop("a")
    d["c"] = [row[0] * row[1], x]
    return sum(sum(v) for v in d.values()) * row[1]


def dict_int_keys(x, n):
    d = {}
    for i in range(n):
        d[i % 3] = d.get(i % 3, 1.0) * x + i
    return sum(d[k] * (k + 1) for k in d)


def dictcomp(x, keys):
    d = {k: x * len(k) for k in keys if k != "b"}
    e = {k: v * v for k, v in d.items()}
    return sum(e.values()) * sum(d[k] * e[k] for k in d)


def counter_set(x, words):
    c = {}
    for w in words:
        c[w] = c.get(w, 0) + 1
    t = 0.0
    for w, n in c.items():
        t += x**n * len(w)
    return t


def dict_zip(x, keys):
    d = dict(zip(keys, [x, x * x, x**3]))
    e = dict(a=x, b=x * 2)
    return sum((i + 1) * v for i, v in enumerate(d.values())) * e["b"]


def numbers_as_keys(x, n):
    d = {}
    for i in range(n):
        d[i % 3] = x * i
    return sum(d[k] * (k + 1) for k in d)


def numbers_as_keys_in_items(x, n):
    d = {}
    for i in range(n):
        d[i % 3] = x * i
    t = 0.0
    for k, v in d.items():
        t += k * v * v
    return t


def keys_and_lists_of_keys(x, n):
    d = {}
    for i in range(n):
        d[i % 3] = x * i
    t = 0.0
    for k in d.keys():
        t += k * d[k]
    for k in list(d):
        t += k * d[k]
    for k in sorted(d):
        t += k * d[k]
    return t


def popitem_with_a_number_as_key(x, n):
    d = {}
    for i in range(n):
        d[i + 0.5] = x * i
    k, v = d.popitem()
    return v * k * x


def argument_with_numbers_as_keys(d):
    t = 0.0
    for k in d:
        t += k * d[k]
    for k, v in d.items():
        t += k * v * v
    ks = list(d.keys())
    return t * ks[0]


def enumerated_keys(d):
    t = 0.0
    for i, k in enumerate(d):
        t += k * d[k] * i
    for k, v in zip(d, d.values()):
        t += k * v * v
    return t


def cache_by_value(x, n):
    cache = {}
    t = 0.0
    for i in range(n):
        y = x * (i % 2 + 1)
        if y not in cache:
            cache[y] = y * y * x
        t += cache[y]
    return t


def sums_of_keys(x, n):
    d = {}
    for i in range(n):
        d[i % 3] = x * i
    return sum(k * v for k, v in list(d.items())) + max(d) * x + sum(d) * x


K = ["a", "b", "a"]

PROGRAMS = [
    program(get_default_active, (0.7, 0.4, K), argnums=(0, 1)),
    program(pop_key, (0.7, "a"), (0.7, "b")),
    program(pop_default_active, (0.7, 0.4, "a"), (0.7, 0.4, "q"), argnums=(0, 1)),
    program(popitem, (0.7,)),
    program(popitem_loop, (0.7,)),
    program(update_runtime, (0.7, ["a", "b"])),
    program(update_kw, (0.7,)),
    program(ior, (0.7, "k"), (0.7, "a")),
    program(merge_runtime, (0.7, "k"), (0.7, "a")),
    program(setdefault_runtime, (0.7, K)),
    program(clear_dict, (0.7,)),
    program(del_runtime, (0.7, "a"), (0.7, "c")),
    program(copy_dict, (0.7, "a"), (0.7, "q")),
    program(dict_arrays, (arr(3), ["a", "b", "c"])),
    program(iterate_keys, (0.7, ["a", "b", "c"])),
    program(memo, (0.7, 6), (0.7, 1)),
    program(items_then_change, (0.7,)),
    program(values_list, (0.7,)),
    program(inkey, (0.7, K)),
    program(dict_of_lists, (0.7,)),
    program(dict_int_keys, (0.7, 7)),
    program(dictcomp, (0.7, ["a", "b", "ccc"])),
    program(counter_set, (0.7, ["a", "bb", "a"])),
    program(dict_zip, (0.7, ["a", "b", "c"])),
    program(numbers_as_keys, (0.7, 4)),
    program(numbers_as_keys_in_items, (0.7, 4)),
    program(keys_and_lists_of_keys, (0.7, 4)),
    program(popitem_with_a_number_as_key, (0.7, 4)),
    program(cache_by_value, (0.7, 4)),
    program(sums_of_keys, (0.7, 4)),
    program(argument_with_numbers_as_keys, ({1: 0.5, 2: 0.7},)),
    program(enumerated_keys, ({1: 0.5, 2: 0.7},)),
]

#: An argument of unknown kind may be anything that has these methods.
KNOWN = [
    program(dict_arg, ({"a": 0.7, "b": 0.4},)),
]


@pytest.mark.parametrize("entry", PROGRAMS, ids=lambda entry: entry.name)
def test_derivatives(entry):
    agrees(entry)


@pytest.mark.parametrize("entry", KNOWN, ids=lambda entry: entry.name)
def test_derivatives_where_kinds_are_known(entry):
    agrees_if_known(entry)


def active_keys(x):
    d = {x: 2.0}
    d[x * 3] = x
    t = 0.0
    for k in d:
        t += k * d[k]
    return t


def default_changed_later(x, keys):
    d = {}
    for i, k in enumerate(keys):
        d.setdefault(k, []).append(x * i)
    return sum(sum(v) * v[0] for v in d.values())


def test_keys_that_vary_are_not_read_back():
    refused(active_keys, (0.7,), "is a key of a dict, and the keys are read", forward=True)


def test_a_default_that_is_changed_later():
    agrees_if_known(program(default_changed_later, (0.7, K)))
