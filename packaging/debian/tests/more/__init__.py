"""Tests that `packaging/debian/test-all` names."""
