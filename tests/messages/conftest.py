"""What the tests of messages share."""

import pickle

import pytest

import csp
from csp._native import unbounded_channel
from csp.hosts.interpreter import order, start


@pytest.fixture(scope="module")
def there():
    """An interpreter that compares what comes with its pickle; gives (what differs there, what came back)."""
    exits, ended = unbounded_channel()
    requests, inbox = csp.channel()
    outbox, answers = csp.channel()
    started = start("compare", exits, 1)
    order(started, "oracle_ends", "compare", (inbox, outbox))
    inbox.close()
    outbox.close()

    def exchange(value):
        requests.send((value, pickle.dumps(value, 5)))
        return answers.recv(timeout=20), answers.recv(timeout=20)

    yield exchange
    requests.close()
    assert ended.recv(timeout=20) == (1, "ended", "done")
    for end in (exits, ended, answers, started.control):
        end.close()


@pytest.fixture
def in_other():
    """Have a function of another interpreter answer each message; gives what sends one and gives the answer."""
    exits, ended = unbounded_channel()
    running = []

    def begin(module, function, *arguments):
        requests, inbox = csp.channel()
        outbox, answers = csp.channel()
        started = start(function, exits, len(running))
        order(started, module, function, (inbox, outbox, *arguments))
        inbox.close()
        outbox.close()
        running.append((started, requests, answers))

        def exchange(value):
            requests.send(value)
            return answers.recv(timeout=20)

        return exchange

    yield begin
    for _, requests, _ in running:
        requests.close()
    for _ in running:
        assert ended.recv(timeout=20)[1:] == ("ended", "done")
    for end in (exits, ended, *(end for started, _, answers in running for end in (answers, started.control))):
        end.close()
