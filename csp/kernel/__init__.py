"""The kernel of a system: it keeps all its actors and supervisors, in an interpreter of its own."""
