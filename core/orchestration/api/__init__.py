"""Owns the endpoints of transactions and quotes for every domain.

Does not own what a kind means.
Entry points: ``urls.urlpatterns``, ``views.DomainTransactions`` for a domain's own path.
"""
