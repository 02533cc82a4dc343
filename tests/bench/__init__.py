"""Benchmarks of csp against what it stands beside: ``python -m tests.bench``. See README.md in this folder."""
