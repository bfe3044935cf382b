"""The command line `yjs`: the same actions as the pages, for scripts and operators."""
