"""Owns the project: settings, addresses, servers and the one-command runner; wires everything, imported by nobody.

Does not own: any rule about money.
Entry points: diboas.wsgi, diboas.asgi, diboas.celery, `python -m diboas.runner`.
"""
