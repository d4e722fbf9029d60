"""Owns the HTTP contract: problems, idempotent POSTs, cursors, ETags, rate limits, amounts, request ids, OpenAPI.

Also the endpoints of identity (sign-in, /me, API keys), for identity lies below this package.
Does not own any business rule.
Entry points: ``views.ApiView``, ``idempotent.idempotent``, ``problems``, ``amounts``, ``pagination``, ``etags``,
``bodies``, ``explain.register``, ``context.current``.
"""
