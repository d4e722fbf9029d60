"""core.outbox"""
