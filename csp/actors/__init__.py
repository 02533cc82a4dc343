"""Actors: the class that users derive, its life inside an interpreter, and how it is reached from elsewhere.

.. code-block:: text

    entry       one life, from __init__ to on_stop; runs in the actor's interpreter
    client      asking the kernel: spawn, lookup; fate: what is said when it is gone; recipe: a class as a path
    actor       the class; names, guarded: what is csp's own in it
    dispatch    one message is carried out
    ref         a handle on an actor; bound: one handler of it; futures: calls that nobody waits for
    answers     what became of a call
    context     who runs in this interpreter, and the order that it was begun with
    handler     methods that others may call; description, signature: what they take
    mailbox     what stands in front; log, stdlib_log: what an actor says; byte_code: why it starts slowly
"""
