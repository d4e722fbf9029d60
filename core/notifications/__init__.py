"""core.notifications"""
