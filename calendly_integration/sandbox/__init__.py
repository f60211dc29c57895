"""A local Calendly and a stand-in portal, for tests and for the demo.

It imports no other part of the project and no Django: code shared with the client would hide the client's
mistakes. It follows the public documents about Calendly's API v2. Where these leave a point open, the choice is
a field of `options.Options`, so that a test can try the other behaviour.
"""
