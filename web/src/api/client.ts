/** Calls to the services, each with an end. Every failure is a `Problem`: a code, a sentence, a request id, and whether trying again may help. */
import { heard } from "../parts/clock";
import { session } from "../session";
import { words } from "../words";

const TIMEOUT_MS = 10_000;

interface ProblemBody {
  code?: string;
  title?: string;
  detail?: string;
  retryable?: boolean;
  request_id?: string;
}

export class Problem extends Error {
  readonly code: string;
  readonly title: string;
  readonly retryable: boolean;
  readonly requestId: string;

  constructor(
    readonly status: number,
    body: ProblemBody,
    /** When the service may be asked again, in seconds from the answer; 0: it does not say. */
    readonly retryAfterS = 0,
  ) {
    super(body.detail || body.title || words.problem.unknown(status));
    this.code = body.code ?? "unknown";
    this.title = body.title ?? words.problem.failed;
    this.retryable = body.retryable ?? false;
    this.requestId = body.request_id ?? "";
  }

  static from(status: number, text: string, retryAfterS = 0): Problem {
    try {
      return new Problem(status, JSON.parse(text) as ProblemBody, retryAfterS);
    } catch {
      return new Problem(status, { retryable: status >= 500 }, retryAfterS);
    }
  }
}

export interface Options {
  /** A `Blob` goes as it is, everything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** 0: as long as it takes. */
  timeoutMs?: number;
}

/** What changes something by cookie must show the session's token (`X-CSRF-Token`). */
export function credentials(): Record<string, string> {
  const token = session.get().who?.csrf_token;
  return token ? { "X-CSRF-Token": token } : {};
}

export async function send(method: string, path: string, options: Options = {}): Promise<Response> {
  const { body, timeoutMs = TIMEOUT_MS } = options;
  const ended = timeoutMs ? AbortSignal.timeout(timeoutMs) : new AbortController().signal;
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (method !== "GET") Object.assign(headers, credentials());
  const raw = body instanceof Blob;
  if (body !== undefined && !raw) headers["Content-Type"] ??= "application/json";
  const begun = Date.now();
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? null : raw ? body : JSON.stringify(body),
      signal: options.signal ? AbortSignal.any([options.signal, ended]) : ended,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    const detail = ended.aborted ? words.problem.slow : words.problem.unreachable;
    throw new Problem(0, { code: "unreachable", title: words.problem.failed, detail, retryable: true });
  }
  heard(answer.headers.get("Date"), begun, Date.now());
  if (answer.ok) return answer;
  const problem = Problem.from(answer.status, await answer.text(), Number(answer.headers.get("Retry-After")) || 0);
  if (problem.status === 401) session.ended();
  throw problem;
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const answer = await send(method, path, options);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => call<T>("GET", path, { signal });

/** A path with the parameters that have a value. */
export function address(path: string, query: Record<string, string | number | boolean | null | undefined>): string {
  const text = new URLSearchParams(
    Object.entries(query)
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) => [name, String(value)]),
  ).toString();
  return text ? `${path}?${text}` : path;
}
