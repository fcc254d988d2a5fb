"""The route table: every operation of the REST API, and the least role that it needs.

What does not stand here does not exist; what stands here names who may call it. Operations
on one server decide further by the caller's role there (services.access).
"""

from __future__ import annotations

from typing import Final

from aiohttp import web

from chatops.protocol import rest
from chatops.protocol.frames import CONTENT_TYPE
from chatops.server.api import (
    audit,
    auth,
    commands,
    history,
    keys,
    metrics,
    processes,
    prometheus,
    servers,
    settings,
    status,
    tokens,
    users,
)
from chatops.server.api.openapi import openapi_document
from chatops.server.api.operation import Operation, about
from chatops.server.api.queries import (
    AuditQuery,
    CommandsQuery,
    DeleteUserQuery,
    EventsQuery,
    HistoriesParameters,
    HistoryParameters,
    KeysQuery,
    PageQuery,
    ProcessesQuery,
    ScrapeQuery,
    ServersQuery,
    TokensQuery,
)
from chatops.server.services.access import Access
from chatops.server.services.prometheus import lines

_OPEN, _KEY = Access.OPEN, Access.AGENT_KEY
_SESSION = Access.SESSION
_VIEWER, _OPERATOR, _ADMIN = Access.VIEWER, Access.OPERATOR, Access.ADMIN
_404: Final = ("not_found",)

OPERATIONS: Final[tuple[Operation, ...]] = (
    Operation("POST", "/auth/login", _OPEN, auth.login, rest.TokenPair, body=rest.Login,
              errors=("not_signed_in",), names=about("username")),
    Operation("POST", "/auth/register", _OPEN, auth.register, rest.User, 201, body=rest.Register,
              errors=("not_permitted", "conflict"), names=about("username")),
    Operation("POST", "/auth/refresh", _OPEN, auth.refresh, rest.TokenPair, body=rest.Refresh,
              errors=("not_signed_in",)),
    Operation("POST", "/auth/logout", _OPEN, auth.logout, body=rest.Logout),
    Operation("GET", "/auth/me", _VIEWER, auth.me, rest.Me),
    Operation("POST", "/auth/password", _SESSION, auth.change_password, body=rest.PasswordChange,
              audited_as="auth.password"),
    Operation("GET", "/users", _ADMIN, users.list_users, rest.Page[rest.User], query=PageQuery),
    Operation("POST", "/users", _ADMIN, users.create_user, rest.User, 201, body=rest.UserCreate,
              errors=("conflict",), names=about("name", "role")),
    Operation("GET", "/users/{user}", _ADMIN, users.show_user, rest.User, errors=_404,
              names=about("user")),
    Operation("PATCH", "/users/{user}", _ADMIN, users.update_user, rest.User,
              body=rest.UserUpdate, errors=(*_404, "conflict"),
              names=about("user", "role", "disabled", "password")),
    Operation("DELETE", "/users/{user}", _ADMIN, users.delete_user, query=DeleteUserQuery,
              errors=(*_404, "conflict"), names=about("user", reassigned_to="reassign_to")),
    Operation("GET", "/tokens", _SESSION, tokens.list_tokens, rest.Page[rest.Token],
              query=TokensQuery, errors=_404, names=about("user")),
    Operation("POST", "/tokens", _SESSION, tokens.create_token, rest.TokenCreated, 201,
              body=rest.TokenCreate, errors=_404, names=about("name", "role", "servers")),
    Operation("DELETE", "/tokens/{token}", _SESSION, tokens.revoke_token, rest.Token,
              errors=(*_404, "conflict")),
    Operation("GET", "/servers", _VIEWER, servers.list_servers, rest.Page[rest.Server],
              query=ServersQuery),
    Operation("POST", "/servers", _OPERATOR, servers.add_server, rest.ServerCreated, 201,
              body=rest.ServerCreate, errors=("conflict",), names=about("name", "tags")),
    Operation("GET", "/servers/{server}", _VIEWER, servers.show_server, rest.ServerDetail,
              errors=_404),
    Operation("PATCH", "/servers/{server}", _OPERATOR, servers.update_server, rest.Server,
              body=rest.ServerUpdate, errors=(*_404, "conflict"),
              names=about("server", "name", "tags")),
    Operation("DELETE", "/servers/{server}", _OPERATOR, servers.remove_server, errors=_404),
    Operation("GET", "/servers/{server}/shares", _OPERATOR, servers.list_shares,
              rest.Page[rest.Share], errors=_404),
    Operation("PUT", "/servers/{server}/shares", _OPERATOR, servers.share_server, rest.Share,
              body=rest.ShareCreate, errors=(*_404, "conflict"),
              names=about("server", "user", "role")),
    Operation("DELETE", "/servers/{server}/shares/{user}", _OPERATOR, servers.unshare_server,
              errors=_404, names=about("server", "user")),
    Operation("GET", "/api-keys", _VIEWER, keys.list_keys, rest.Page[rest.ApiKey],
              query=KeysQuery, errors=_404),
    Operation("POST", "/api-keys", _OPERATOR, keys.create_key, rest.ApiKeyCreated, 201,
              body=rest.ApiKeyCreate, errors=_404, names=about("server", key="name")),
    Operation("GET", "/api-keys/me", _KEY, keys.my_key, rest.ApiKeySelf),
    Operation("DELETE", "/api-keys/{key}", _OPERATOR, keys.revoke_key, rest.ApiKey,
              errors=(*_404, "conflict")),
    Operation("GET", "/metrics/history", _VIEWER, metrics.metrics_histories,
              rest.HistoryPage[rest.ServerHistoryRow], query=HistoriesParameters, errors=_404),
    Operation("GET", "/metrics/{server}", _VIEWER, metrics.latest_metrics, rest.ServerSample,
              errors=(*_404, "no_sample")),
    Operation("GET", "/metrics/{server}/history", _VIEWER, metrics.metrics_history,
              rest.HistoryPage[rest.HistoryRow], query=HistoryParameters, errors=_404),
    Operation("GET", "/processes/{server}", _VIEWER, processes.list_processes, rest.ProcessPage,
              query=ProcessesQuery, errors=(*_404, "offline", "conflict", "timed_out")),
    Operation("POST", "/commands", _OPERATOR, commands.run_command,
              list[rest.CommandResult] | rest.RunPlan,
              body=rest.CommandCreate, errors=(*_404, "conflict"), media=CONTENT_TYPE,
              created=rest.RunStarted, names=about("target", "command")),
    Operation("GET", "/commands", _VIEWER, commands.list_commands,
              rest.Page[rest.CommandRecord], query=CommandsQuery, errors=_404),
    Operation("GET", "/commands/{command}", _VIEWER, commands.show_command, rest.CommandRecord,
              errors=_404),
    Operation("GET", "/commands/{command}/output", _OPERATOR, commands.command_output,
              rest.CommandResult, errors=_404),
    Operation("POST", "/commands/{command}/cancel", _OPERATOR, commands.cancel_command,
              rest.CommandRecord, errors=(*_404, "conflict")),
    Operation("GET", "/runs/{run}", _VIEWER, commands.show_run, rest.Run, errors=_404,
              audited_as="runs.show"),
    Operation("POST", "/runs/{run}/cancel", _OPERATOR, commands.cancel_run, rest.Run,
              errors=(*_404, "conflict"), audited_as="runs.cancel"),
    Operation("GET", "/events", _VIEWER, history.list_events, rest.Page[rest.Event],
              query=EventsQuery, errors=_404),
    Operation("GET", "/audit", _ADMIN, audit.list_audit, rest.Page[rest.AuditRecord],
              query=AuditQuery),
    Operation("GET", "/audit/verify", _ADMIN, audit.verify_audit, rest.AuditVerdict),
    Operation("GET", "/audit/export", _ADMIN, audit.export_audit,
              rest.Page[rest.ChainedRecord], query=PageQuery),
    Operation("GET", "/settings", _ADMIN, settings.list_settings, rest.Page[rest.Setting]),
    Operation("GET", "/settings/{key}", _ADMIN, settings.show_setting, rest.Setting,
              errors=_404),
    Operation("PUT", "/settings/{key}", _ADMIN, settings.set_setting, rest.Setting,
              body=rest.SettingChange, errors=_404, names=about("key", new="value")),
    Operation("DELETE", "/settings/{key}", _ADMIN, settings.reset_setting, rest.Setting,
              errors=_404),
    Operation("GET", "/status", _VIEWER, status.show_status, rest.Status),
    Operation("GET", "/health", _OPEN, status.health, rest.Health),
    Operation("GET", "/metrics", _VIEWER, prometheus.scrape, web.StreamResponse,
              query=ScrapeQuery, media=lines.MEDIA_TYPE, prefix=""),
    Operation("GET", "/openapi.json", _OPEN, openapi_document, web.StreamResponse),
)  # fmt: skip
"""In the order in which the documentation lists them; no path hides a later one."""
