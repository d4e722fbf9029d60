"""Owns the endpoints of identity: sign-in, second factor, /me and API keys. Does not own their rules (core.identity).

Entry points: ``core.api.urls``.
"""
