"""core.resilience"""
