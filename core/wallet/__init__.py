"""core.wallet"""
