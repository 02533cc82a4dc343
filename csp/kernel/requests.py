"""What clients ask of the kernel: each request is a function ``(kernel, reply, *arguments)`` that sees to the answer.

What one raises, the client gets.
"""

from csp._native import Reply, interpreter_counts, tally_read
from csp.actors.recipe import Recipe
from csp.errors import ActorError, NoSuchActor
from csp.exits import ExitReason
from csp.kernel.slot import Place
from csp.kernel.unsupervised import Alone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from csp.actors.description import Description
    from csp.actors.mailbox import Overflow
    from csp.kernel.kernel import Kernel, Token
    from csp.kernel.slot import Shutdown
    from csp.kernel.tree import Node
    from csp.supervision.definition import SupervisorSpec


# ---- starting --------------------------------------------------------------------------------------------------------


def _spawn(
    kernel: Kernel,
    reply: Reply,
    name: str | None,
    fields: tuple[tuple[str, str], tuple[Description, ...], int, Overflow, bool, tuple[str, ...]],
    data: bytes,
    ends: tuple[object, ...],
    shutdown: Shutdown,
    token: Token,
) -> None:
    kernel.refuse_if_closing()
    recipe = Recipe(*fields)
    place = kernel.make_place(name, recipe, data, ends, shutdown)
    root = Alone(kernel, place, token, reply)
    kernel.roots.append(root)
    try:
        kernel.begin_life(place)
        place.forget_arguments()
    except BaseException as error:
        kernel.roots.remove(root)
        kernel.close_place(place, ExitReason("failed", str(error)))
        raise


def _supervise(kernel: Kernel, reply: Reply, name: str | None, spec: SupervisorSpec, token: Token) -> None:
    kernel.refuse_if_closing()
    base = str(name if name is not None else getattr(spec, "name", "supervisor").lower())
    if base in kernel.trees:
        raise ActorError(f"there is a supervisor named {base!r} already; give this one another name=")
    kernel.outcomes.pop(base, None)
    from csp.kernel.tree import Tree

    tree = Tree(kernel, base, spec, token, reply)
    kernel.roots.append(tree)
    kernel.trees[base] = tree
    tree.begin()


# ---- one actor -------------------------------------------------------------------------------------------------------


def _lookup(kernel: Kernel, reply: Reply, name: str) -> None:
    reply.answer(kernel.names.find(name).ref_fields())


def _place_of(kernel: Kernel, id: int, mailbox: int) -> Place | None:
    """The place of that number, if its mailbox is the one meant: another system has its own numbers."""
    place = kernel.places.get(id)
    return place if place is not None and place.sender.channel_id == mailbox else None


def _stop(kernel: Kernel, reply: Reply, id: int, mailbox: int, grace: float | None) -> None:
    """Stop one actor that was spawned alone; answered when it has ended. One that is gone is answered at once."""
    place = _place_of(kernel, id, mailbox)
    if place is None:
        reply.answer(None)
        return
    owner = place.owner
    if isinstance(owner, Alone):
        owner.stop(ExitReason("shutdown"), grace, reply)
    else:
        owner.request("terminate", place, reply)


def _kill(kernel: Kernel, reply: Reply, id: int, mailbox: int) -> None:
    """Kill the present life in a place, as a crash would end it. True if there was one."""
    place = _place_of(kernel, id, mailbox)
    life = place.life if place is not None else None
    if life is not None:
        life.kill()
    reply.answer(life is not None)


def _wait_actor(kernel: Kernel, reply: Reply, id: int, mailbox: int) -> None:
    """Answered with the reason when the last life in a place has ended, also when that was before."""
    place = _place_of(kernel, id, mailbox)
    if place is not None:
        place.waiting.append(reply)
        return
    ended = kernel.ended.get(id)
    if ended is None or ended[0] != mailbox:
        raise NoSuchActor("that actor belongs to another system, or has ended so long ago that its reason is forgotten")
    reply.answer(ended[2])


# ---- one supervisor --------------------------------------------------------------------------------------------------


def _stop_tree(kernel: Kernel, reply: Reply, path: str) -> None:
    """A tree, or as a child of its supervisor a part of one: that is terminated, and not restarted."""
    node = _node(kernel, path)
    if node is None:
        if path not in kernel.outcomes:
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
    elif name in kernel.outcomes:
        kernel.outcomes[name].tell(reply)
    elif name in kernel.names:
        kernel.names.find(name).waiting.append(reply)
    else:
        for _, known, reason in reversed(kernel.ended.values()):
            if known == name:
                reply.answer(reason)
                return
        raise _no_supervisor(kernel, name, " or actor")


def _which_children(kernel: Kernel, reply: Reply, path: str) -> None:
    node = _node(kernel, path)
    if node is None:
        raise _no_supervisor(kernel, path)
    reply.answer(node.children_info())


def _node(kernel: Kernel, path: str) -> Node | None:
    """The supervisor of that path, at the root or below."""
    tree = kernel.trees.get(path.partition("/")[0])
    return tree.find(path) if tree is not None else None


def _no_supervisor(kernel: Kernel, name: str, or_what: str = "") -> NoSuchActor:
    names = ", ".join(sorted(kernel.trees))
    return NoSuchActor(f"no supervisor{or_what} is named {name!r}; there is {names or 'none'}")


# ---- the system ------------------------------------------------------------------------------------------------------


def _statistics(kernel: Kernel, reply: Reply) -> None:
    alive, begun, ended, abandoned = interpreter_counts()
    reply.answer(
        (
            ("actors", len(kernel.places)),
            ("restarts", kernel.restarts),
            ("dead_letters", tally_read(kernel.dead_letters)),
            ("zombies", len(kernel.zombies)),
            ("warm", kernel.pool.ready()),
            ("interpreters", alive),
            ("interpreters_started", begun),
            ("interpreters_ended", ended),
            ("interpreters_abandoned", abandoned),
        )
    )


def _ending(kernel: Kernel, reply: Reply) -> None:
    """(name, interpreter) of those whom the closing waits for."""
    reply.answer(tuple((life.place.name, life.interpreter) for life in kernel.ending()))


def _close(kernel: Kernel, reply: Reply, drain: bool) -> None:
    kernel.close(reply, drain=drain)


def _close_now(kernel: Kernel, reply: Reply) -> None:
    """Kill whatever is left of a closing that took too long; answered when all of it has ended or is cut off."""
    kernel.close(reply, drain=False)
    kernel.kill_all()


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
