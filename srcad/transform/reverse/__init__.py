"""Reverse mode: the adjoint of a typed function, statement by statement, in reverse order.

- `sweep` prepares the forward sweep (pass counters, copies of what stores overwrite).
- `cotangents` keeps, per block, the cotangent of each variable: assigned first, added to later, in place where owned.
- `adjoints`, `stores` and `regions` write the adjoint of calls, of stores, and of branches and loops.
- `gradient` puts the two sweeps together.

The result is in the looser form that `srcad.ir.verify` calls ``adjoint``: code of the reverse sweep still names values
of the forward sweep's loops and branches. `srcad.transform.save` makes them available.
"""
