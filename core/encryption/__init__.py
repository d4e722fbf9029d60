"""core.encryption"""
