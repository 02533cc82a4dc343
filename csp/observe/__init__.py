"""Reading a system that runs, from outside; nothing below knows of it.

.. code-block:: text

    waits    who waits for what, since when, and who could end it
"""
