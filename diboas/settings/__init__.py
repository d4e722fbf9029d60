"""Settings: one module per matter, put together by base, narrowed by dev, test and prod."""
