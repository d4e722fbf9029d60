"""Owns who acts: users, customers, staff and their roles, API keys, devices, sessions, sign-in and second factors.

Does not own what they may do with money (kinds, compliance) nor the HTTP toolkit (core.api).
Entry points: ``principals.Principal``, ``authentication``, ``services.customers``, ``services.staff``,
``services.api_keys``, ``queries``, ``staff_mfa``.
"""
