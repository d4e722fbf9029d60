"""Owns what happens on chains: wallets and their keys, nonces, signing, sending, watching blocks, reorgs and arrivals.

Does not own: the books (the ledger), what is worth doing (the domains), when it is done (orchestration).
Entry points: ``operations.submit``, ``operations.status``, ``wallets.address_of``, ``watch.tick`` and its listeners,
``fees.estimate``, ``evm.call``, ``reports.report``, the adapter in ``custody``, the command ``watch_chains``.
"""
