import { AxiosError } from "axios";
import type { ErrorBody } from "./types";

/** What went wrong, in the hub's words; `unreachable` is the one code that the hub cannot send. */
export class HubError extends Error {
  readonly code: string;
  readonly status: number;
  readonly hint: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: string, message: string, status = 0, hint?: string, retryAfter?: number) {
    super(message);
    this.code = code;
    this.status = status;
    this.hint = hint;
    this.retryAfter = retryAfter;
  }
}

/** Any failure of a request as a HubError. */
export function asHubError(error: unknown): HubError {
  if (error instanceof HubError) return error;
  if (!(error instanceof AxiosError)) return new HubError("internal", String(error));
  const answer = error.response;
  const detail = (answer?.data as Partial<ErrorBody> | undefined)?.error;
  if (answer && detail) {
    const wait = Number(answer.headers["retry-after"]) || undefined;
    return new HubError(detail.code, detail.message, answer.status, detail.hint ?? undefined, wait);
  }
  if (answer && answer.status < 502) {
    return new HubError("internal", `the hub answered with ${answer.status}`, answer.status);
  }
  return new HubError("unreachable", "the hub does not answer", answer?.status ?? 0);
}

/** Whether the same request may succeed a moment later. */
export function mayPass(error: HubError): boolean {
  return ["unreachable", "busy", "too_many_requests"].includes(error.code);
}
