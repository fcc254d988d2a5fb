"""What the target's owner lets the hub do: default deny, decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chatops.agent.docker_policy import DockerPolicy
from chatops.agent.exec_policy import Decision, ExecPolicy
from chatops.agent.files_policy import FilesPolicy
from chatops.agent.rules import CommandLine
from chatops.agent.settings import CAPABILITIES
from chatops.agent.shell_policy import ShellPolicy
from chatops.protocol.facts import PolicyFacts
from chatops.protocol.messages import Command
from chatops.protocol.policy_facts import bounded
from chatops.text import counted
from chatops.units import format_duration, format_size


class Policy:
    """The owner's decision, fixed for the life of the agent. ``exec`` holds the bounds of
    commands, of use only where ``allow`` has exec or shell, ``docker`` those of containers,
    ``files`` those of what is read, ``shell`` those of terminals, in containers too."""

    def __init__(
        self,
        allow: Iterable[str] = (),
        commands: ExecPolicy | None = None,
        containers: DockerPolicy | None = None,
        files: FilesPolicy | None = None,
        shell: ShellPolicy | None = None,
    ) -> None:
        given = frozenset(allow)
        self._allow = frozenset(CAPABILITIES) if "all" in given else given
        self.exec = commands or ExecPolicy()
        self.docker = containers or DockerPolicy()
        self.files = self._with_write(files or FilesPolicy())
        self.shell = shell or ShellPolicy()

    def _with_write(self, files: FilesPolicy) -> FilesPolicy:
        """Nothing is written that nobody allowed to be. Where nothing is said of it, whoever may
        run everything as the agent's user can write everything already, and so may copy too."""
        if files.write is not None:
            return files
        return replace(files, write="exec" in self._allow and self.exec.is_unbounded)

    @property
    def allow(self) -> list[str]:
        """The allowed capabilities, in their usual order."""
        return [name for name in CAPABILITIES if name in self._allow]

    def facts(self) -> PolicyFacts:
        """What the hub is told of the policy; it can read it and never widen it."""
        known = self.exec.facts() if "exec" in self._allow else None
        containers = self.docker.facts() if "docker" in self._allow else None
        files = self.files.facts() if "files" in self._allow else None
        shell = self.shell.facts() if self._has_terminals else None
        return bounded(
            PolicyFacts(allow=self.allow, exec=known, docker=containers, files=files, shell=shell)
        )

    def decide(
        self, command: CommandLine, *, cwd: str | None = None, env: Iterable[str] = ()
    ) -> Decision:
        """Whether this command may run, see ExecPolicy."""
        if "exec" not in self._allow:
            return Decision(
                allowed=False,
                rule="allow",
                message="this agent was not started with --allow exec, so it runs no commands",
            )
        return self.exec.decide(command, cwd=cwd, env=env)

    def decide_in_container(self) -> Decision:
        """Whether commands may run in containers, so far as they may be seen. What [policy.exec]
        says of commands, users and folders is of the host, and means nothing there."""
        if "docker" not in self._allow:
            why = "this agent was not started with --allow docker, so it runs nothing in containers"
            return Decision(allowed=False, rule="allow", message=why)
        if not self.docker.may_change:
            return _refused("docker.mode", "docker.mode is read-only")
        if not self.docker.exec:
            return _refused("docker.exec", "docker.exec is false")
        return Decision(allowed=True, rule="docker.exec")

    def decide_at_terminal(self, command: Command) -> Decision:
        """Whether a command may have a terminal. Whoever has a login shell can run everything, so
        where [policy.exec] lists what may run, there is none. In a container a terminal is a
        command like any other."""
        if command.container is not None:
            return self.decide_in_container()
        if "shell" not in self._allow:
            why = "this agent was not started with --allow shell, so it opens no terminals"
            return Decision(allowed=False, rule="allow", message=why)
        if command.terminal is None or not command.terminal.login:
            return self.exec.decide(command.command, cwd=command.cwd, env=command.env)
        if self.exec.commands is not None:
            why = "commands lists what may run, and a login shell can run everything"
            return _refused("commands", why)
        return Decision(allowed=True, rule="allow")

    @property
    def _has_terminals(self) -> bool:
        return "shell" in self._allow or self.decide_in_container().allowed

    def describe(self) -> str:
        """One sentence for ``agent check``."""
        if not self._allow:
            return "nothing but reading metrics is allowed here"
        text = "allowed here: " + ", ".join(self.allow)
        bounds = _describe(self.exec) if "exec" in self._allow else ()
        containers = _describe_docker(self.docker) if "docker" in self._allow else ()
        files = _describe_files(self.files) if "files" in self._allow else ()
        shell = _describe_shell(self.shell) if self._has_terminals else ()
        return "; ".join([text, *bounds, *containers, *files, *shell])


def _describe_shell(bounds: ShellPolicy) -> Iterable[str]:
    if bounds.idle:
        yield f"a terminal is hung up when it was idle for {format_duration(bounds.idle)}"
    if bounds.total:
        yield f"a terminal stays {format_duration(bounds.total)} at most"


def _refused(rule: str, why: str) -> Decision:
    message = f"the agent's policy does not allow this: {why}"
    return Decision(allowed=False, rule=rule, message=message)


def _describe_docker(bounds: DockerPolicy) -> Iterable[str]:
    if not bounds.may_change:
        yield "containers are only looked at"
    elif not bounds.exec:
        yield "no commands in containers"
    if bounds.containers is not None:
        yield f"containers only as named by {counted(len(bounds.containers), 'pattern')}"


def _describe_files(bounds: FilesPolicy) -> Iterable[str]:
    if bounds.allowed_folders is not None:
        yield "files only in " + (", ".join(bounds.allowed_folders) or "no folder")
    if bounds.units is not None:
        yield f"journals only of units named by {counted(len(bounds.units), 'pattern')}"
    elif bounds.folders is not None:
        yield "no journals"
    if bounds.may_write and bounds.write_folders is not None:
        yield "files are written only in " + (", ".join(bounds.write_folders) or "no folder")
    elif not bounds.may_write:
        yield "no files are written"


def _describe(bounds: ExecPolicy) -> Iterable[str]:
    if bounds.commands is not None:
        yield f"exec only what is named by {counted(len(bounds.commands), 'rule')} of [policy.exec]"
    if bounds.deny:
        yield f"exec never what is named by {counted(len(bounds.deny), 'deny rule')}"
    if bounds.user.switched:
        yield f"as the user {bounds.user.name}"
    if bounds.folders:
        yield "in " + ", ".join(bounds.folders)
    if bounds.max_running:
        yield f"{bounds.max_running} at a time"
    if bounds.timeout:
        yield f"{format_duration(bounds.timeout)} at most"
    if bounds.max_output:
        yield f"{format_size(bounds.max_output)} of output at most"
