"""core.fees"""
