"""What a command line gives: nothing of it is left out without a word."""

from collections.abc import Mapping
from typing import Any

from typer import Context
from typer.core import TyperCommand

from renp_sim.errors import ConfigError

__all__ = ["Command", "given", "refuse_unused"]


class Command(TyperCommand):
    """A command whose options have each the one value that was given, or are repeatable."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse a second value, of which the library would take the last (typer)."""
        if not ctx.resilient_parsing:
            order: list[Any] = self.make_parser(ctx).parse_args(args=list(args))[2]
            for option in order:
                # a flag says no more when it is repeated
                times = order.count(option)
                if times > 1 and not (option.multiple or option.is_flag):
                    many = ", several separated by commas" if ",..." in (option.metavar or "") else ""
                    ctx.fail(f"{option.opts[0]}: given {times} times, but it has one value{many}")
        return list(super().parse_args(ctx, args))


def given(context: Context) -> dict[str, str]:
    """Return what stands on the command line: how it is written there, by the name of its parameter."""
    return {
        parameter.name or "": parameter.opts[0] if parameter.param_type_name == "option" else "RUN"
        for parameter in context.command.params
        if (source := context.get_parameter_source(parameter.name or "")) is not None
        and source.name == "COMMANDLINE"
    }


def refuse_unused(context: Context, needs: Mapping[str, str]) -> None:
    """Raise ConfigError if an option is given of which nothing would come; its default says nothing.

    Parameters
    ----------
    context
        Of the command.
    needs
        By parameter, what the option is for.
    """
    defaults = {parameter.name: parameter.default for parameter in context.command.params}
    written = given(context)
    problems = [
        f"{written[name]}: is for {need}: give that too, or leave {written[name]} out"
        for name, need in needs.items()
        if name in written and context.params[name] != defaults[name]
    ]
    if problems:
        raise ConfigError(*problems)
