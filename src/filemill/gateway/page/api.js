// Calls to the services, each with an end: ten seconds, then a problem that says what failed.
const TIMEOUT_MS = 10_000;

export class Problem extends Error {
  constructor(body, status) {
    super(body.detail || body.title || `The answer was ${status}.`);
    this.code = body.code || "unknown";
    this.retryable = Boolean(body.retryable);
    this.requestId = body.request_id || "";
  }
}

export function problemFrom(text, status) {
  try {
    return new Problem(JSON.parse(text), status);
  } catch {
    return new Problem({}, status);
  }
}

export async function get(path, signal) {
  const ended = AbortSignal.timeout(TIMEOUT_MS);
  let answer;
  try {
    answer = await fetch(path, { headers: { Accept: "application/json" }, signal: signal ? AbortSignal.any([signal, ended]) : ended });
  } catch (error) {
    if (signal && signal.aborted) throw error;
    const detail = ended.aborted ? "No answer within 10 seconds." : "The gateway cannot be reached.";
    throw new Problem({ detail, retryable: true }, 0);
  }
  if (!answer.ok) throw problemFrom(await answer.text(), answer.status);
  return answer.json();
}
