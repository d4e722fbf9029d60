"""core.quotes"""
