"""The intermediate representation: nodes, kinds, operations, verifier, printer and rewriting helpers."""
