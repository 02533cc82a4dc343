"""Interpreters with a GIL and a thread of their own: starting them, and getting code into them."""
