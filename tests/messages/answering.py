"""Another interpreter that answers what it is sent."""

from contextlib import contextmanager

import csp
from csp._native import unbounded_channel
from csp.hosts.interpreter import order, start


@contextmanager
def answering(module, function, *arguments):
    """One that runs ``module.function(control, inbox, outbox, *arguments)``; gives where to ask it, and the answers.

    The function is to return when its inbox is over.
    """
    exits, ended = unbounded_channel()
    requests, inbox = csp.channel()
    outbox, answers = csp.channel()
    started = start(function, exits, 1)
    order(started, module, function, (inbox, outbox, *arguments))
    inbox.close()
    outbox.close()
    yield requests, answers
    requests.close()
    assert ended.recv(timeout=20) == (1, "ended", "done")
    for end in (exits, ended, answers, started.control):
        end.close()
