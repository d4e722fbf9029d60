"""The development chain in tests: the fixture `chain`, and the tests of the chain itself."""
