// TARGET, as the hub reads it (chatops.protocol.target), for a count while it is typed. Before
// anything is run the hub says itself which servers are meant.
export interface Facts {
  id: string;
  name: string;
  tags: Record<string, string>;
}

type Test = (server: Facts) => boolean;
interface Part {
  out: boolean;
  covers: Test;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const GLOB = /^[A-Za-z0-9._*?![\]-]{1,255}$/;
const TAG = /^tag:([A-Za-z0-9][A-Za-z0-9._-]{0,62})=([\p{L}\p{N}_./:@+-]{0,128})$/u;

/** The servers that a TARGET means. Throws with what is wrong with it. */
export function matching<T extends Facts>(target: string, servers: readonly T[]): T[] {
  const parts = target.split(",").map((word) => parse(word.trim(), servers));
  if (parts.every(({ out }) => out)) throw new Error(`that only leaves out; write all,${target}`);
  const covered = (server: T, out: boolean) =>
    parts.some((part) => part.out === out && part.covers(server));
  return servers.filter((server) => covered(server, false) && !covered(server, true));
}

function parse(word: string, servers: readonly Facts[]): Part {
  const out = word.startsWith("!");
  return { out, covers: test(out ? word.slice(1) : word, servers) };
}

function test(form: string, servers: readonly Facts[]): Test {
  if (form === "all") return () => true;
  const [, key, value] = TAG.exec(form) ?? [];
  if (key !== undefined) return ({ tags }) => tags[key] === value;
  if (NAME.test(form)) return named(form, servers);
  if (GLOB.test(form)) {
    const glob = pattern(form);
    return ({ name }) => glob.test(name);
  }
  throw new Error(form ? `this means no servers: ${form}` : "a name is missing");
}

function named(form: string, servers: readonly Facts[]): Test {
  const covers: Test = ({ id, name }) => form === id || form === name;
  if (!servers.some(covers)) throw new Error(`there is no server ${form}`);
  return covers;
}

/** A shell's glob as an expression: `*`, `?`, `[abc]`, `[a-z]`, `[!a]`. */
function pattern(glob: string): RegExp {
  const source = glob.replace(/\[(!?)([^\]]+)\]|[\s\S]/g, (all, not, set) => {
    if (set !== undefined) return `[${not ? "^" : ""}${set.replace(/[\\^[]/g, "\\$&")}]`;
    if (all === "*") return ".*";
    return all === "?" ? "." : all.replace(/[.[\]!-]/g, "\\$&");
  });
  try {
    return new RegExp(`^(?:${source})$`);
  } catch {
    throw new Error(`this is no glob: ${glob}`);
  }
}

/** A TARGET of names: what ticking boxes writes. */
export function ofNames(names: readonly string[]): string {
  return names.join(",");
}
