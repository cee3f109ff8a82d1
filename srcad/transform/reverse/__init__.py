"""Reverse mode: the adjoint of a typed function, statement by statement, in reverse order.

- `sweep` prepares the forward sweep (pass counters, copies of what stores overwrite).
- `cotangents` keeps, per block, the cotangent of each variable: assigned first, added to later, in place where owned.
- `give` moves cotangents to atoms, parts and items; `primitives`, `containers`, `adjoints` write the adjoint of a call,
  `stores` of a store, `regions` of branches and loops; `masking` keeps branches not taken at exactly zero.
- `gradient` puts the two sweeps together.

The result is in the looser form that `srcad.ir.verify` calls ``adjoint``: code of the reverse sweep still names values
of the forward sweep's loops and branches. `srcad.transform.save` makes them available.
"""
