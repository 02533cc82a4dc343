"""What ``csp demo`` runs: a census of the running Python's whole standard library, one worker per core.

.. code-block:: text

    target      what is counted: the standard library, or any other tree
    measure     find the files of a tree, and measure one of them
    totals      what all the measurements add up to
    ledger      who counts which file, so that each counts once; and who dies when
    aggregator  the actor that keeps the ledger
    worker      the actor that measures
    census      the workers' supervisor, and the census as a whole
    table       the totals as text for a terminal
    baselines   the same work without actors, to compare with
"""
