// Answers that go on for long: frames, each given as it comes.
import { EnvelopeReader } from "@/socket/envelopes";
import type { Frame } from "@/socket/frames";
import { lookForHub } from "@/stores/reach";
import { accessToken, BASE, renew } from "./client";
import { HubError } from "./errors";
import type { ErrorBody } from "./types";

/** The frames of an answer, until it ends. Throws HubError when it cannot be had, or is cut off. */
export async function* frames(
  path: string,
  params: Record<string, string>,
  signal: AbortSignal,
): AsyncGenerator<string | Frame> {
  const answer = await open(`${BASE}${path}?${new URLSearchParams(params)}`, signal);
  const body = answer.body?.getReader();
  const reader = new EnvelopeReader();
  while (body) {
    const { done, value } = await body.read().catch(gone);
    if (done) return;
    yield* reader.feed(value);
  }
}

/** An answer that went well, with its body still to come. */
export async function open(address: string, signal: AbortSignal): Promise<Response> {
  const first = await ask(address, await accessToken(), signal);
  const answer = first.status === 401 ? await ask(address, await renew(), signal) : first;
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

function ask(address: string, token: string, signal: AbortSignal): Promise<Response> {
  return fetch(address, { headers: { Authorization: `Bearer ${token}` }, signal }).catch(gone);
}

function gone(error: unknown): never {
  if (error instanceof DOMException && error.name === "AbortError") throw error;
  void lookForHub();
  throw new HubError("unreachable", "the hub does not answer");
}

async function refusal(answer: Response): Promise<HubError> {
  const body = (await answer.json().catch(() => null)) as Partial<ErrorBody> | null;
  if (!body?.error) {
    const code = answer.status >= 502 ? "unreachable" : "internal";
    return new HubError(code, `the hub answered with ${answer.status}`, answer.status);
  }
  const { code, message, hint } = body.error;
  return new HubError(code, message, answer.status, hint ?? undefined);
}
