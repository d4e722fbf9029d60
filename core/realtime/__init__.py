"""core.realtime"""
