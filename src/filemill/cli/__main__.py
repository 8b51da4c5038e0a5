"""`python -m filemill.cli` is the `filemill` command."""

from filemill.cli.main import main

main()
