"""The REST API's bodies. Field names are those of the CLI's ``-o json``; unknown is null.

Times are RFC 3339 strings in UTC with milliseconds (chatops.units.format_time). Request
bodies refuse fields they do not know; answers may gain fields at any time.

The modules of the package are loaded when a name of theirs is first asked for here: a command
that has to start fast imports the one module that it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chatops.protocol.rest.accounts import (
        Login,
        Logout,
        Me,
        PasswordChange,
        Refresh,
        Register,
        Token,
        TokenCreate,
        TokenCreated,
        TokenPair,
        User,
        UserCreate,
        UserUpdate,
    )
    from chatops.protocol.rest.alerts import (
        Alert,
        AlertAck,
        AlertDetail,
        AlertState,
        Op,
        Replay,
        ReplayFiring,
        ReplayRow,
        ResolvedReason,
        Severity,
        Silence,
        SilenceCreate,
        Threshold,
        ThresholdSet,
        ThresholdUpdate,
    )
    from chatops.protocol.rest.channels import (
        Channel,
        ChannelCreate,
        ChannelDetail,
        Delivery,
        MessageEvent,
    )
    from chatops.protocol.rest.commands import (
        COMMAND_FINAL,
        CommandCreate,
        CommandRecord,
        CommandResult,
        CommandStatus,
        PlannedServer,
        Portion,
        Run,
        RunCommand,
        RunPlan,
        RunStarted,
        StartedCommand,
        StreamEvent,
    )
    from chatops.protocol.rest.common import (
        ErrorBody,
        ErrorDetail,
        Name,
        Page,
        Password,
        Request,
        Timestamp,
    )
    from chatops.protocol.rest.docker import (
        ContainerAction,
        ContainerChange,
        ContainerDetail,
        ContainerProcess,
        Image,
        ServerContainer,
    )
    from chatops.protocol.rest.history import (
        AlertCounts,
        AuditRecord,
        AuditVerdict,
        ChainedRecord,
        Event,
        ExpiringKey,
        Health,
        LogEntry,
        ServerCounts,
        SharedKey,
        Status,
    )
    from chatops.protocol.rest.metrics import (
        HistoryGap,
        HistoryPage,
        HistoryRow,
        ProcessPage,
        ServerHistoryRow,
        ServerProcess,
        ServerSample,
        TopProcesses,
    )
    from chatops.protocol.rest.servers import (
        ApiKey,
        ApiKeyCreate,
        ApiKeyCreated,
        ApiKeySelf,
        ExecPolicy,
        Server,
        ServerCreate,
        ServerCreated,
        ServerDetail,
        ServerStatus,
        ServerUpdate,
        Share,
        ShareCreate,
    )
    from chatops.protocol.rest.settings import (
        Setting,
        SettingChange,
        SettingKind,
        SettingSource,
        SettingValue,
    )

__all__ = [
    "COMMAND_FINAL",
    "Alert",
    "AlertAck",
    "AlertCounts",
    "AlertDetail",
    "AlertState",
    "ApiKey",
    "ApiKeyCreate",
    "ApiKeyCreated",
    "ApiKeySelf",
    "AuditRecord",
    "AuditVerdict",
    "ChainedRecord",
    "Channel",
    "ChannelCreate",
    "ChannelDetail",
    "CommandCreate",
    "CommandRecord",
    "CommandResult",
    "CommandStatus",
    "ContainerAction",
    "ContainerChange",
    "ContainerDetail",
    "ContainerProcess",
    "Delivery",
    "ErrorBody",
    "ErrorDetail",
    "Event",
    "ExecPolicy",
    "ExpiringKey",
    "Health",
    "HistoryGap",
    "HistoryPage",
    "HistoryRow",
    "Image",
    "LogEntry",
    "Login",
    "Logout",
    "Me",
    "MessageEvent",
    "Name",
    "Op",
    "Page",
    "Password",
    "PasswordChange",
    "PlannedServer",
    "Portion",
    "ProcessPage",
    "Refresh",
    "Register",
    "Replay",
    "ReplayFiring",
    "ReplayRow",
    "Request",
    "ResolvedReason",
    "Run",
    "RunCommand",
    "RunPlan",
    "RunStarted",
    "Server",
    "ServerContainer",
    "ServerCounts",
    "ServerCreate",
    "ServerCreated",
    "ServerDetail",
    "ServerHistoryRow",
    "ServerProcess",
    "ServerSample",
    "ServerStatus",
    "ServerUpdate",
    "Setting",
    "SettingChange",
    "SettingKind",
    "SettingSource",
    "SettingValue",
    "Severity",
    "Share",
    "ShareCreate",
    "SharedKey",
    "Silence",
    "SilenceCreate",
    "StartedCommand",
    "Status",
    "StreamEvent",
    "Threshold",
    "ThresholdSet",
    "ThresholdUpdate",
    "Timestamp",
    "Token",
    "TokenCreate",
    "TokenCreated",
    "TokenPair",
    "TopProcesses",
    "User",
    "UserCreate",
    "UserUpdate",
]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """The body of that name, from the module that declares it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from chatops.protocol.rest import (
            accounts,
            alerts,
            channels,
            commands,
            common,
            docker,
            history,
            metrics,
            servers,
            settings,
        )

        for module in (
            accounts,
            alerts,
            channels,
            commands,
            common,
            docker,
            history,
            metrics,
            servers,
            settings,
        ):
            if name in vars(module):
                return globals().setdefault(name, vars(module)[name])
        raise AssertionError(f"{name} is declared nowhere")
