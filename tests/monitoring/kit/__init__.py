"""The monitoring kit under real programs."""
