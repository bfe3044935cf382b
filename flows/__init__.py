"""When, and what together: the flow of each bundle, the conductor, the worker."""
