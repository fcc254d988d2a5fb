// What a page shows of all that an engine knows of a container. An engine may leave out anything.

type Json = unknown;

/** What stands at a path, if anything. */
export function at(value: Json, ...path: (string | number)[]): Json {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<string | number, Json>)[step];
  }
  return here;
}

const text = (value: Json): string | null =>
  typeof value === "string" && value !== ""
    ? value
    : typeof value === "number"
      ? String(value)
      : null;

const list = (value: Json): Json[] => (Array.isArray(value) ? value : []);

/** A time; engines write the year 1 for never. */
const moment = (value: Json): string | null => {
  const time = text(value);
  return time?.startsWith("0001-") ? null : time;
};

export interface Detail {
  image: string | null;
  state: string;
  health: string | null;
  exitCode: string | null;
  restarts: string | null;
  created: string | null;
  started: string | null;
  finished: string | null;
  command: string | null;
  user: string | null;
  folder: string | null;
  restartPolicy: string | null;
  variables: string[];
  mounts: string[];
  ports: string[];
  networks: string[];
  labels: string[];
}

export function detailOf(detail: Json): Detail {
  const args = [at(detail, "Path"), ...list(at(detail, "Args"))].map(text).filter(Boolean);
  return {
    image: text(at(detail, "Config", "Image")),
    state: text(at(detail, "State", "Status")) ?? "unknown",
    health: text(at(detail, "State", "Health", "Status")),
    exitCode: text(at(detail, "State", "ExitCode")),
    restarts: text(at(detail, "RestartCount")),
    created: moment(at(detail, "Created")),
    started: moment(at(detail, "State", "StartedAt")),
    finished: moment(at(detail, "State", "FinishedAt")),
    command: args.join(" ") || null,
    user: text(at(detail, "Config", "User")),
    folder: text(at(detail, "Config", "WorkingDir")),
    restartPolicy: text(at(detail, "HostConfig", "RestartPolicy", "Name")),
    variables: list(at(detail, "Config", "Env"))
      .map(text)
      .filter((one) => one !== null),
    mounts: list(at(detail, "Mounts")).map(mount),
    ports: ports(at(detail, "NetworkSettings", "Ports")),
    networks: Object.keys(Object(at(detail, "NetworkSettings", "Networks") ?? {})),
    labels: pairs(at(detail, "Config", "Labels")),
  };
}

function mount(one: Json): string {
  const from = text(at(one, "Name")) ?? text(at(one, "Source")) ?? "?";
  const writes = at(one, "RW") === false ? " (read-only)" : "";
  return `${from} → ${text(at(one, "Destination")) ?? "?"}${writes}`;
}

function ports(value: Json): string[] {
  return Object.entries(Object(value ?? {})).flatMap(([inside, hosts]) => {
    const outside = list(hosts).map(
      (host) =>
        `${text(at(host, "HostIp")) ?? ""}:${text(at(host, "HostPort")) ?? "?"} → ${inside}`,
    );
    return outside.length ? outside : [inside];
  });
}

function pairs(value: Json): string[] {
  return Object.entries(Object(value ?? {})).map(([key, one]) => `${key}=${String(one)}`);
}
