import { type FormEvent, useState } from "react";
import { Link, useNavigate } from "react-router";
import { useHealth } from "@/api/auth";
import { register } from "@/api/client";
import { Complaint, Nothing } from "@/parts/Loaded";
import { TextField } from "@/parts/TextField";
import { Button } from "@/ui/button";
import { Entrance } from "./Entrance";

export function Component() {
  const health = useHealth();
  const navigate = useNavigate();
  const [user, setUser] = useState("");
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const differ = again !== "" && again !== password ? "the two passwords differ" : undefined;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (again !== password) return;
    setBusy(true);
    setError(null);
    try {
      await register(user, password);
      await navigate(`/login?${new URLSearchParams({ user })}`);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  if (health.data?.registration === "closed") {
    return (
      <Entrance title="Make an account">
        <Nothing>
          This hub makes no accounts for strangers. Ask an administrator for one.
          <Link to="/login" className="text-accent underline">
            Sign in
          </Link>
        </Nothing>
      </Entrance>
    );
  }
  return (
    <Entrance title="Make an account that may look at what is shared with it">
      <form onSubmit={submit} className="grid gap-4">
        <TextField label="User" required autoComplete="username" value={user} change={setUser} />
        <TextField
          label="Password"
          required
          type="password"
          autoComplete="new-password"
          value={password}
          change={setPassword}
        />
        <TextField
          label="Password again"
          error={differ}
          required
          type="password"
          autoComplete="new-password"
          value={again}
          change={setAgain}
        />
        <Complaint error={error} />
        <Button type="submit" look="main" disabled={busy || Boolean(differ)}>
          Make the account
        </Button>
        <Link to="/login" className="text-sm text-accent underline">
          I have one: sign in
        </Link>
      </form>
    </Entrance>
  );
}
