"""Actors: classes whose instances live in interpreters of their own, and the refs by which others reach them."""
