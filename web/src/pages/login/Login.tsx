import { type FormEvent, useState } from "react";
import { Link, Navigate, useSearchParams } from "react-router";
import { useHealth } from "@/api/auth";
import { signIn } from "@/api/client";
import { serverCommands } from "@/lib/commands/servers";
import { within } from "@/lib/within";
import { CliCommand } from "@/parts/CliCommand";
import { Complaint } from "@/parts/Loaded";
import { TextField } from "@/parts/TextField";
import { useSession } from "@/stores/session";
import { Button } from "@/ui/button";
import { Entrance } from "./Entrance";

export function Component() {
  const phase = useSession((session) => session.phase);
  const health = useHealth();
  const [query] = useSearchParams();
  const [user, setUser] = useState(query.get("user") ?? "");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  if (phase === "in") return <Navigate to={within(query.get("to"))} replace />;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await signIn(user, password);
    } catch (failure) {
      setError(failure);
      setPassword("");
      setBusy(false);
    }
  };
  return (
    <Entrance title={`Sign in to ${window.location.host}`}>
      <form onSubmit={submit} className="grid gap-4">
        <TextField
          label="User"
          required
          autoFocus
          autoComplete="username"
          value={user}
          change={setUser}
        />
        <TextField
          label="Password"
          required
          type="password"
          autoComplete="current-password"
          value={password}
          change={setPassword}
        />
        <Complaint error={error} />
        <Button type="submit" look="main" disabled={busy}>
          Sign in
        </Button>
        {health.data?.registration === "open" && (
          <Link to="/register" className="text-sm text-accent underline">
            Make an account
          </Link>
        )}
        <CliCommand command={serverCommands.login(window.location.origin, user)} />
      </form>
    </Entrance>
  );
}
