"""Owns how adapters speak: outbound HTTP, strict reading of answers, redaction, webhook signatures.

Does not own what is said (the adapters) nor when (guard, fanout).
Entry points: ``http.Client``, ``http.Call``, ``wire.Doc``, ``signatures.timestamped``, ``redact.excerpt``.
"""
