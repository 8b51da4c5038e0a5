/** An event of the live stream, as far as the console reads it. */
export const EVENT_TYPES = [
  "uploaded",
  "progress",
  "processed",
  "analyzed",
  "failed",
  "updated",
  "accessed",
  "deleted",
  "restored",
  "quarantined",
  "purged",
].map((name) => `file.${name}`);

export interface LiveEvent {
  id: string;
  type: string;
  source: string;
  subject: string;
  time: string;
  data: {
    filename?: string;
    service?: string;
    step?: string;
    state?: string;
    status?: string;
    attempt?: number;
    summary?: string | null;
    reason?: { code: string; detail: string } | null;
  };
}
