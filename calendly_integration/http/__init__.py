"""One HTTP transport for Calendly's and the portal's client, in plain Python: no Django, no settings."""
