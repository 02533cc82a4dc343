"""Seeing what goes on: logs and progress."""
