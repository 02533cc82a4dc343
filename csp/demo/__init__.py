"""What ``csp demo`` runs: a census of the running Python's whole standard library, one worker per core.

.. code-block:: text

    measure    find the files of a tree, and measure one of them
    totals     what all the measurements add up to
    table      the totals as text for a terminal
    baselines  the same work without actors, to compare with
"""
