"""A local Calendly and a stand-in portal, for tests and for the demo.

It imports nothing of the rest of the project and no Django: code shared with the client would share its
mistakes. What it does follows public material about Calendly's API v2; where that material is silent, the
choice is a field of `options.Options`, so that a test can take the other one.
"""
