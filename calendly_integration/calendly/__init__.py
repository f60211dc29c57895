"""Calendly's API v2 in plain Python: no Django, no settings, no clock.

``client.Client`` calls it, ``webhooks`` verifies and reads what it sends, ``types`` holds the answers,
``errors`` what can go wrong.
"""
