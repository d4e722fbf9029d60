"""core.ledger"""
