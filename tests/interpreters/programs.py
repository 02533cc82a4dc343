"""Parts of the programs that tests run: a module of entries, and the beginning of a script that starts one."""

HELPER = '''
import time, sys, os, _signal  # signal itself would bring enum
import csp

def idle(control):
    control.recv()

def spin(control, here):
    here.send(1)
    while True:
        pass

def burn(control, here):
    """A C call that keeps the GIL for hours."""
    here.send(1)
    sum(range(10 ** 14))

def sleep_out_of_reach(seconds=3600):
    """Where no signal comes, a kill can get nobody out of a call."""
    _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
    time.sleep(seconds)

def nap(control, here):
    here.send(1)
    sleep_out_of_reach()

def leave_thread(control, here):
    import threading
    threading.Thread(target=sleep_out_of_reach).start()
    here.send(1)

def echo(control, inbox, outbox):
    for value in inbox:
        outbox.send(value)

class Slow(csp.Actor):
    @csp.handler
    def wait(self, here):
        here.send(1)
        tx, rx = csp.channel()
        rx.recv()
        tx.close()
'''

BEGIN = """
import csp, os, sys, signal, subprocess, threading, time
import helper
from csp._native import channel, interpreter_counts, unbounded_channel
from csp.hosts.interpreter import start, order

def begin(name, *arguments, wait=True):
    exits, ended = unbounded_channel()
    started = start(name, exits, 1)
    if wait:
        here, arrived = channel(1)
        arguments = (here, *arguments)
    order(started, "helper", name, arguments)
    if wait:
        arrived.recv(timeout=10)
    return started, ended
"""
