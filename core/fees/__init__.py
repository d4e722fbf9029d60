"""Owns the fee schedules and the price of a transaction in five tiers.

Does not own quotes, provider choice, or the posting of fees. What a customer did before (identity check paid, volume)
comes in as facts.
Entry points: ``schedules.current``, ``pricing.price``, ``sheets.FeeSheet``, ``publishing.publish``.
"""
