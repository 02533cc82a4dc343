"""A thread of C feeds 48,000 samples a second into a channel that an actor reads. See README.md.

    $ python build_producer.py
    $ python native_producer.py --seconds 5

Ctrl-C stops it earlier, and just as cleanly.
"""

import argparse

from _producer import lib
from meter import Meter

import csp
import csp.ffi

RATE = 48_000
SECOND = 100  # blocks of 480: what the reader may be late before something is lost


def main(seconds: float) -> None:
    blocks, reading = csp.channel(SECOND)
    with csp.System(warm=0) as system:
        meter = system.spawn(Meter)
        report = meter.listen.future(reading, int(seconds * RATE))
        reading.close()  # the actor has a handle of its own, and only that one is to count
        producer = lib.producer_start(csp.ffi.from_sender(blocks))
        if not producer:
            raise MemoryError("no thread for the producer")
        print("listening", flush=True)
        try:
            received, missing, rate, loudest = report.result()
        except KeyboardInterrupt:
            lib.producer_stop(producer)  # the channel ends, and the meter reports what it got
            received, missing, rate, loudest = report.result()
        finally:
            lib.producer_stop(producer)
            ended = lib.producer_join(producer)
    print(f"meter:    {received} samples, {missing} missing, {rate:.0f} a second, the loudest {loudest}")
    status = csp.ffi.ffi.string(csp.ffi.lib.csp_status_name(ended.status)).decode()
    print(f"producer: {ended.sent} blocks sent, {ended.lost} lost, stopped by {status}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5.0)
    main(parser.parse_args().seconds)
