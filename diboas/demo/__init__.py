"""Owns `make demo`: money moved through the public doors of a platform in a temporary folder, its books checked.

Does not own: starting the platform (diboas.runner), the demo people (diboas.demo_people).
Entry points: `python -m diboas.demo`.
"""
