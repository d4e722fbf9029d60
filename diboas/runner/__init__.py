"""Owns the one-command runner: embedded PostgreSQL and Valkey, the processes of the platform, the supervisor over them.

Does not own: what the processes do. The standard library and psycopg suffice to read it.
Entry points: diboas/runner/bootstrap.py (any Python 3.11), `python -m diboas.runner` (inside the environment).
"""
