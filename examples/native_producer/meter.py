"""The reader: an actor, so an interpreter with a GIL of its own. To it the producer in C is a channel, and no more."""

import sys
import time

import csp


class Meter(csp.Actor):
    @csp.handler
    def listen(self, blocks: csp.Receiver[bytes], most: int) -> tuple[int, int, float, float]:
        """Read up to *most* samples: how many came, how many are missing between them, the rate, and the loudest.

        Ends earlier when the producer does. The receiver is closed on the way out, which stops the producer.
        """
        received = missing = expected = 0
        loudest = began = ended = 0.0
        with blocks:
            for block in blocks:
                ended = time.monotonic()
                first = int.from_bytes(block[:8], sys.byteorder)
                samples = memoryview(block)[8:].cast("d")
                began = began or ended  # of the first block, whose samples are older than that: they do not count
                missing += first - expected
                expected = first + len(samples)
                received += len(samples)
                loudest = max(loudest, *samples)
                if received >= most:
                    break
        rate = (expected - len(samples)) / (ended - began) if ended > began else 0.0
        return received, missing, rate, loudest
