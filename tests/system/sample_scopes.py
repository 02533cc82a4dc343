"""Actors that wait in scopes, and for whom others wait in scopes."""

import csp


class Waits(csp.Actor):
    def __init__(self):
        self.ran = 0

    @csp.handler
    def until(self, event):
        event.wait()
        self.ran += 1

    @csp.handler
    def count(self):
        return self.ran

    @csp.handler
    def log_in_a_cancelled_scope(self):
        with csp.CancelScope() as scope:
            scope.cancel()
            self.log.info("logged")
            return scope.cancel_called

    @csp.handler
    def give_up_on(self, receiver):
        with csp.move_on_after(0.01) as scope:
            receiver.recv()
        return scope.cancelled_caught
