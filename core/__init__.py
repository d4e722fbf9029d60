"""Machinery that moves and accounts for money, for any domain; never imports a domain."""
