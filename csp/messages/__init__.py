"""What travels that the native codec does not know: pickled objects, and exceptions."""
