"""Channels: what of them is written in Python."""
