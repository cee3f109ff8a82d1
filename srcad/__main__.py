"""``python -m srcad`` is the `srcad` command."""

from srcad.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
