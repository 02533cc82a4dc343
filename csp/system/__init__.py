"""The system: the actors of a program, their supervisors, and the kernel that keeps them.

.. code-block:: text

    recipe    how to make one life of an actor, as the kernel needs it: paths and bytes, none of the user's code
    client    asking the kernel, from the main interpreter or from inside an actor
    kernel    the loop of the kernel's own interpreter: news and requests in, one at a time
    places    the places that actors live in: mailbox, lives, and the ladder that ends a life
    alone     an actor that nobody supervises
    outcome   how a supervisor ended, for who asks later
    tree      the driver: carries out what the supervisors' reducers decide
    pool      interpreters kept warm
    system    what users hold: csp.System
    run       csp.run: a supervision tree as a program

The kernel runs in an interpreter of its own, so that neither a busy main program nor a busy actor can keep a supervisor
from doing its work.
"""
