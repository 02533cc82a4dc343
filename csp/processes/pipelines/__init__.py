"""Pipelines: an iterable, functions that run on it in workers, and what becomes of the results.

.. code-block:: text

    pipeline    csp.pipeline, as users see it
    run         one run: the caller's loop, which feeds the source to the workers and collects
    segment     stages linked by channels, as the caller sees them
    chunking    how many items travel in one message, by what they cost
    worker      what runs in a worker's interpreter
    source      where units come from: a collection, an iterator, a channel
    stages      what is to be done, checked before anything runs
    figures     what a run costs; meter: processor time of a thread
    statistics  what a run cost, for users
    progress    the bar on a terminal
"""
