"""The kernel of a system: it keeps all its actors and supervisors.

It runs in an interpreter of its own, so that neither a busy main program nor a busy actor can keep a supervisor from
doing its work. No code of the user's runs there. Its rooms, each of which knows only those below it:

.. code-block:: text

    entry       main: what each message of the inbox means
    requests    what clients ask, by name: starts actors and trees, answers the rest
    tree        a supervisor at the root, and the line of events of all that are below it
    node        one supervisor: feeds its reducer, and carries out what that decides; repeats: the same crash again
    unsupervised  an actor that nobody supervises
    kernel      the rooms below, wired
    roots       what was started from outside; the closing; drain: what comes before; outcome: how a supervisor ended
    lives       begins lives and hears of them; endings: those that clean up; zombies: those that stay
    slots       makes and closes slots, and remembers how they ended; names: who is called what
    life        one life on its host, and the ladder that ends it
    slot        where an actor lives: mailbox, recipe, and whom it belongs to
    loop        inbox, timers, numbers
"""
