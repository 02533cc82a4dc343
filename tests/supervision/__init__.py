"""Tests of the pure part of supervision: no interpreter, no thread, no clock, no sleep."""
