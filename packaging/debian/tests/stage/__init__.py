"""What the tests use: a minimal Debian, its packages, and a client."""
