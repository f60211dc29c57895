"""Calendly's API v2 in plain Python: no Django, no settings, no clock.

``client.Client`` has its endpoints, ``webhooks`` verifies and reads deliveries, ``payloads`` are the JSON objects
that Calendly sends, ``errors`` is what can go wrong.
"""
