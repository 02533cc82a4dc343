"""What users hold in the main interpreter: a system of actors.

.. code-block:: text

    run         csp.run: a supervision tree as a program
    system      csp.System: starts the kernel (csp.kernel, in an interpreter of its own), and asks it
    packing     a supervisor's definition, made fit for the kernel
    log         events of actors, rendered by structlog; event_time: with the time when they happened
    stdlib_log  what they say through logging and warnings
"""
