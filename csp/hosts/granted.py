"""How much time whoever stops this interpreter gives it."""

# Seconds between Stopped and the kill; None: nobody said. Set by what runs here, and read by whoever has to stop others
# before that.
granted: float | None = None
