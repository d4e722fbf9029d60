"""core.api"""
