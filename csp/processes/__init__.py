"""Functions that run in interpreters of their own: parallel blocks and pipelines."""
