"""`python -m cli` is `yjs`."""

from cli.main import main

main()
