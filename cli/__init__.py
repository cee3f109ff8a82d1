"""The `srcad` command: thin over `srcad.api`. One file per command, `main.py` has the parser and the exit codes."""
