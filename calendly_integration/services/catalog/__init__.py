"""Event types, hosts and free times."""
