"""Owns where prices come from: one file per source, and the door that builds them from the settings."""
