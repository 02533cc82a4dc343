"""Supervision: what happens when a child of a supervisor ends, decided by pure functions.

The decisions live here and nothing else: no clock, no thread, no randomness and no interpreter. A driver
feeds :func:`csp.supervision.reducer.reduce` with events and carries the commands out.

.. code-block:: text

    checks      the one way to refuse a setting
    strategy    the decision tables: who stops, who starts, in which order, and who comes back
    intensity   how many restarts within how many seconds, counted, and how long to wait before each
    child       what a child is and how it is kept (a child spec)
    supervisor  what users subclass
    definition  a supervisor's class, read and validated
    events      what can happen                     commands    what is to be done about it
    state       everything a supervisor knows       ordering    whose turn it is to stop or to start
    transition  the working copy of one step        decisions   starts, ends, restarts, endings
    requests    children changed at run time        reducer     (state, event) -> (state, commands)

Importing this package imports none of them: what a program does not use, it does not pay for.
"""
