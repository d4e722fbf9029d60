"""The suite: mirrors the source tree, and beside it architecture, contracts, concurrency, properties and flows."""
