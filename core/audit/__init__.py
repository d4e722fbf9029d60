"""core.audit"""
