"""Owns the rules that hold transactions up (level, limits, thresholds, screening) and the cases that people decide.

Does not own the transaction or its states: it is asked through the gate, and answers it through ``core.orchestration``.
Entry points: ``gate.review``, ``cases.open_many``, ``cases.decide``, ``limits.check``, SQL ``compliance_consume``.
"""
