"""Functions that run in interpreters of their own.

.. code-block:: text

    parallel    csp.parallel, as users see it
    nursery     what stands behind a block: starts processes, and leaves none behind
    task        one process, as its block sees it
    entry       what runs in a process's interpreter
    pipelines/  csp.pipeline, and what it is made of
"""
