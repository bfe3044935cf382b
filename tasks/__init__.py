"""The steps of a flow: thin, retried, safe to run twice; one action or one call to Prefect each."""
