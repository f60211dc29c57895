"""Calendly's endpoints by subject. Each module has a table `ROUTES`: method, path, function, scope,
names in the query, fields of the body (with those of nested objects)."""
