"""Reads and actions that only the admin needs."""
