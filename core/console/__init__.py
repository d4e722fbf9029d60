"""core.console"""
