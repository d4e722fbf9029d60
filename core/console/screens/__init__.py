"""Owns the screens of what lies below the console: customers, staff and the audit log.

Does not own anything else: every other package brings its own screens. Entry point: ``admin.py`` of the console.
"""
