"""What the native codec leaves to Python: exceptions that cross, and what is said of what cannot travel."""
