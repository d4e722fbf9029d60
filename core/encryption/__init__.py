"""Owns secrets at rest: encrypted fields, the ids of their keys, rotation, and the blind index for look-ups.

Does not own what is secret: each package marks its own columns. Holds no tables.
Entry points: ``fields.EncryptedTextField``, ``fields.EncryptedBinaryField``, ``cipher.encrypt``, ``cipher.decrypt``,
``fields.blind_index``, ``rotation.register``, the command ``rotate_field_keys``.
"""
