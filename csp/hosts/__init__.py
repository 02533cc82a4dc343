"""What runs code elsewhere: interpreters for now.

.. code-block:: text

    pool        interpreters that wait for an order        crew        some that start and end together
    kinds       the kinds of hosts, and what is asked of each
    interpreter starting one, and what can be done with one
    boot        what a new one runs first; after_import, debugging, daemons: what it watches for
    guards      the end of the program; naming: who is waited for then
    importing   code crosses by import path; program: what another one is told; script: the script as a module
    patience    limits that stand still while the CPUs are busy
"""
