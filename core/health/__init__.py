"""core.health"""
