"""core.orchestration"""
