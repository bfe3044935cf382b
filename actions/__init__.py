"""What people and the clock do to a case: one function for one act, inside the caller's transaction."""
