"""What the tests of messages share."""

import pickle
from contextlib import ExitStack

import pytest
from answering import answering


@pytest.fixture(scope="module")
def there():
    """An interpreter that compares what comes with its pickle; gives (what differs there, what came back)."""
    with answering("oracle_ends", "compare") as (requests, answers):

        def exchange(value):
            requests.send((value, pickle.dumps(value, 5)))
            return answers.recv(timeout=20), answers.recv(timeout=20)

        yield exchange


@pytest.fixture
def in_other():
    """Have a function of another interpreter answer each message; gives what sends one and gives the answer."""
    with ExitStack() as running:

        def begin(module, function, *arguments):
            requests, answers = running.enter_context(answering(module, function, *arguments))

            def exchange(value):
                requests.send(value)
                return answers.recv(timeout=20)

            return exchange

        yield begin
