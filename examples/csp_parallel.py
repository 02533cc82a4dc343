"""Producers and consumers in parallel, with an alternative that also minds the clock.

Two producers and two consumers are processes, each an interpreter of its own; a collector selects over their results,
the word of a stop button, and the time. Run it: ``python examples/csp_parallel.py``.
"""

import csp

PATIENCE = 5.0  # seconds without a result after which the collector gives up


def produce(name: str, count: int, jobs: csp.Sender[tuple[str, int]]) -> int:
    """Offer jobs; each is handed over when a consumer takes it (a rendezvous)."""
    for number in range(count):
        jobs.send((name, number))
    return count


def consume(jobs: csp.Receiver[tuple[str, int]], results: csp.Sender[tuple[str, int]]) -> int:
    """Take jobs until every producer is done: then the channel ends, and with it the loop."""
    done = 0
    for name, number in jobs:
        results.send((name, sum(digit * digit for digit in map(int, str(2**number)))))
        done += 1
    return done


def collect(results: csp.Receiver[tuple[str, int]], stop: csp.Receiver[str], limit: int) -> dict[str, int]:
    """Sum up what comes, until it is enough, somebody says stop, or nothing comes for too long."""
    totals: dict[str, int] = {}
    for _ in range(limit):
        try:
            late = csp.after(PATIENCE)
            guard, value = csp.select(stop, results, late, priority=True)  # a stop goes first
        except csp.EndOfChannel:
            break  # the consumers are done
        if guard is late:
            raise TimeoutError(f"no result within {PATIENCE} s")
        if guard is stop:
            print("stopped:", value)
            break
        name, amount = value
        totals[name] = totals.get(name, 0) + amount
    return totals


def main() -> None:
    button, stop = csp.channel(1)  # nobody presses it here: button.send("enough") would
    with csp.parallel() as par:
        job_tx, job_rx = csp.channel()  # a rendezvous
        result_tx, result_rx = csp.channel(16)  # buffered
        producers = [par.start(produce, "red", 300, job_tx), par.start(produce, "blue", 200, job_tx)]
        consumers = par.start_many(2, consume, job_rx, result_tx)
        collector = par.start(collect, result_rx, stop, 10_000)
    # All have ended. Their ends were closed as they went, and so each channel came to its end.
    print("produced", [process.result() for process in producers])
    print("consumed", sum(process.result() for process in consumers))
    print("totals  ", dict(sorted(collector.result().items())))
    button.close()

    # The first failure stops the others, and comes out with its traceback.
    never, jobs = csp.channel()
    results, _ = csp.channel()
    try:
        with csp.parallel() as par:
            par.start(consume, jobs, results)  # it would wait for ever
            par.start(int, "seven")
    except csp.ProcessFailed as failure:
        print("failed  ", failure)
    never.close()


if __name__ == "__main__":
    main()
