"""Runs the image as containers, each in namespaces of its own, by crun and without a Docker daemon."""
