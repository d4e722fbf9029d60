"""Owns the record of who did what and why, which nobody can change unnoticed, and the list of checks on the books.

Does not own what is worth recording, nor any check but its own.
Entry points: ``audit.record``, ``chain.link``, ``verify.run``, ``books.register``, ``books.run`` and the command
``verify_audit``.
"""
