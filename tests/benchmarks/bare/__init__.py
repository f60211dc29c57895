"""The yardstick: what Django alone needs to check a signature and keep a row."""
