"""What clients ask of the kernel: each request is a function ``(kernel, reply, *arguments)`` that sees to the answer.

What one raises, the client gets.
"""

from csp._native import Reply, interpreter_counts, tally_read
from csp.actors.recipe import Recipe
from csp.errors import ActorError, NoSuchActor
from csp.exits import ExitReason
from csp.kernel.unsupervised import Unsupervised

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from csp._native import Packed
    from csp.actors.description import Description
    from csp.actors.mailbox import Overflow
    from csp.actors.recipe import Arguments
    from csp.kernel.kernel import Kernel
    from csp.kernel.node import SupervisorNode
    from csp.kernel.roots import Token
    from csp.kernel.slot import Shutdown
    from csp.supervision.definition import SupervisorSpec


# ---- starting --------------------------------------------------------------------------------------------------------


def _spawn(
    kernel: Kernel,
    reply: Reply,
    name: str | None,
    fields: tuple[tuple[str, str], tuple[Description, ...], int, Overflow, bool, tuple[str, ...]],
    arguments: Packed[Arguments] | None,
    shutdown: Shutdown,
    isolation: str | None,
    token: Token,
) -> None:
    kernel.roots.refuse_if_closing()
    recipe = Recipe(*fields)
    slot = kernel.slots.make(name, recipe, arguments, shutdown, isolation)
    root = Unsupervised(kernel, slot, token, reply)
    kernel.roots.add(root)
    try:
        kernel.lives.begin(slot)
        slot.forget_arguments()
    except BaseException as error:
        kernel.roots.remove(root)
        kernel.slots.close(slot, ExitReason("failed", str(error)))
        raise


def _supervise(kernel: Kernel, reply: Reply, name: str | None, spec: SupervisorSpec, token: Token) -> None:
    kernel.roots.refuse_if_closing()
    base = str(name if name is not None else getattr(spec, "name", "supervisor").lower())
    if base in kernel.roots.trees:
        raise ActorError(f"there is a supervisor named {base!r} already; give this one another name=")
    kernel.roots.outcomes.pop(base, None)
    from csp.kernel.tree import Tree

    tree = Tree(kernel, base, spec, token, reply)
    kernel.roots.add(tree)
    kernel.roots.trees[base] = tree
    tree.begin()


# ---- one actor -------------------------------------------------------------------------------------------------------


def _lookup(kernel: Kernel, reply: Reply, name: str) -> None:
    reply.answer(kernel.slots.names.find(name).ref_fields())


def _stop(kernel: Kernel, reply: Reply, id: int, mailbox: int, grace: float | None) -> None:
    """Stop one actor that was spawned alone; answered when it has ended. One that is gone is answered at once."""
    slot = kernel.slots.of(id, mailbox)
    if slot is None:
        reply.answer(None)
        return
    owner: Any = slot.owner  # an Unsupervised, or a Tree
    if isinstance(owner, Unsupervised):
        owner.stop(ExitReason("shutdown"), grace, reply)
    else:
        owner.terminate_in(slot, reply)


def _kill(kernel: Kernel, reply: Reply, id: int, mailbox: int) -> None:
    """Kill the present life in a slot, as a crash would end it. True if there was one."""
    slot = kernel.slots.of(id, mailbox)
    life = slot.life if slot is not None else None
    if life is not None:
        life.kill()
    reply.answer(life is not None)


def _wait_actor(kernel: Kernel, reply: Reply, id: int, mailbox: int) -> None:
    """Answered with the reason when the last life in a slot has ended, also when that was before."""
    kernel.slots.wait(id, mailbox, reply)


# ---- one supervisor --------------------------------------------------------------------------------------------------


def _stop_tree(kernel: Kernel, reply: Reply, path: str) -> None:
    """Stop a tree, or as a child of its supervisor a part of one: that is terminated, and not restarted."""
    node = _node(kernel, path)
    if node is None:
        if path not in kernel.roots.outcomes:
            raise _no_supervisor(kernel, path)
        reply.answer(None)
    elif node.above is None:
        node.waiting.append(reply)
        node.tree.stop(ExitReason("shutdown"))
    else:
        node.tree.terminate(node.above, node.child_id, reply)


def _wait(kernel: Kernel, reply: Reply, name: str) -> None:
    """Answered with the reason when the supervisor or actor of that name has ended, also when that was before."""
    if (node := _node(kernel, name)) is not None:
        node.waiting.append(reply)
    elif name in kernel.roots.outcomes:
        kernel.roots.outcomes[name].tell(reply)
    elif not kernel.slots.wait_by_name(name, reply):
        raise _no_supervisor(kernel, name, " or actor")


def _which_children(kernel: Kernel, reply: Reply, path: str) -> None:
    node = _node(kernel, path)
    if node is None:
        raise _no_supervisor(kernel, path)
    reply.answer(node.children_info())


def _node(kernel: Kernel, path: str) -> SupervisorNode | None:
    """Find the supervisor of that path, at the root or below."""
    tree: Any = kernel.roots.trees.get(path.partition("/")[0])  # a Tree: _supervise put it there
    node: SupervisorNode | None = tree.find(path) if tree is not None else None
    return node


def _no_supervisor(kernel: Kernel, name: str, or_what: str = "") -> NoSuchActor:
    names = ", ".join(sorted(kernel.roots.trees))
    return NoSuchActor(f"no supervisor{or_what} is named {name!r}; there is {names or 'none'}")


# ---- the system ------------------------------------------------------------------------------------------------------


def _statistics(kernel: Kernel, reply: Reply) -> None:
    alive, begun, ended, abandoned = interpreter_counts()
    reply.answer(
        (
            ("actors", len(kernel.slots.by_id)),
            ("restarts", kernel.restarts),
            ("dead_letters", tally_read(kernel.slots.letters)),
            ("zombies", len(kernel.lives.zombies)),
            ("warm", kernel.lives.pool.ready()),
            ("interpreters", alive),
            ("interpreters_started", begun),
            ("interpreters_ended", ended),
            ("interpreters_abandoned", abandoned),
        )
    )


def _ending(kernel: Kernel, reply: Reply) -> None:
    """(name, interpreter) of those whom the closing waits for."""
    reply.answer(tuple((life.slot.name, life.host_id) for life in kernel.roots.ending()))


def _close(kernel: Kernel, reply: Reply, drain: bool) -> None:
    kernel.roots.close(reply, drain=drain)


def _close_now(kernel: Kernel, reply: Reply) -> None:
    """Kill whatever is left of a closing that took too long; answered when all of it has ended or is cut off."""
    kernel.roots.close(reply, drain=False)
    kernel.roots.kill_all()


REQUESTS: dict[str, Callable[..., None]] = {
    "spawn": _spawn,
    "supervise": _supervise,
    "lookup": _lookup,
    "stop": _stop,
    "kill": _kill,
    "stop_tree": _stop_tree,
    "wait": _wait,
    "wait_actor": _wait_actor,
    "which_children": _which_children,
    "statistics": _statistics,
    "ending": _ending,
    "close": _close,
    "close_now": _close_now,
}
