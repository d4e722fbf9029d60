"""The controls of the sandbox for people and tests: faults, book, clock, disputes, webhooks, and a page.

Owns: everything under /_control and the page at /.
Does not own: what the controls change.
Entry points: ``api.Control``, ``index.Index``.
"""
