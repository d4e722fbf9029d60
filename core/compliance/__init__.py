"""core.compliance"""
