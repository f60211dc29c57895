"""Use-cases: the only place where tables and remote services meet."""
