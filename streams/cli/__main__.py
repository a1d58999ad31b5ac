"""``python -m streams.cli``: the same as ``callmood``."""

from streams.cli import main

main()
