"""Owns what customers are told: notifications in the app, and the e-mails that go with them.

Does not own what happened (``core.orchestration`` says so with the effect ``transaction.status``).
Entry points: ``inbox.take``, ``mailing.send_due``, ``urls``.
"""
