"""A supervisor's definition, made fit for the kernel, which has none of the user's code."""

import attrs

from csp.actors.recipe import pack_arguments, recipe_of
from csp.errors import ActorError
from csp.hosts.kinds import KINDS
from csp.supervision.definition import NestedSupervisor, definition
from csp.supervision.supervisor import Supervisor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def pack_supervisor(supervisor: Any, childless: list[str]) -> Any:
    """Make a definition fit for the kernel: classes become recipes, arguments are packed, nested supervisors the same.

    The names of the classes that leave ``children`` as it is in Supervisor are added to *childless*.
    """
    spec = definition(supervisor)
    if getattr(supervisor.children, "__func__", None) is Supervisor.children:
        childless.append(spec.name)
    return attrs.evolve(spec, children=tuple(_pack_child(child, childless) for child in spec.children))


def _pack_child(child: Any, childless: list[str]) -> Any:
    if child.kind == "supervisor":
        nested = pack_supervisor(child.cls(*child.args, **child.kwargs), childless)
        return attrs.evolve(child, cls=NestedSupervisor(nested), args=(), kwargs={})
    if child.isolation is not None and child.isolation not in KINDS:
        raise ActorError(f'child {child.name!r}: isolation={child.isolation!r} is not supported yet; use "interpreter"')
    recipe = recipe_of(child.cls)
    arguments = pack_arguments(child.cls, child.args, child.kwargs)
    return attrs.evolve(child, cls=recipe, args=(arguments,), kwargs={})
