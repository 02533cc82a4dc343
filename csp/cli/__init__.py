"""The command ``csp``.

.. code-block:: text

    main      reads the command line, and finds the command
    demo       csp demo: shows the census of the standard library
    census/    what it runs
    progress   how far it is: a bar on a terminal, or plain lines
    logs       what of its log is shown
    doctor     csp doctor: is this machine, and this Python, fit for csp
    diagnosis  what the doctor looks at
    echo       the actor that the doctor talks to
"""
