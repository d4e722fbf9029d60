"""core.webhooks"""
