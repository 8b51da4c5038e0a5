/** What is said of a file in one line. A file that is well says what it is, not that it is well. */
import type { Document, Hit } from "../api/shapes";
import { words } from "../words";
import type { IconName } from "./icons";

export interface Said {
  tone: "ok" | "run" | "wait" | "warn" | "fail" | "off";
  icon: IconName;
  text: string;
}

type Known = Pick<Hit, "status" | "status_reason" | "analysis" | "needs_password">;

/** The state to show, or null where the file is ready and its summary is what matters. */
export function stateOf(file: Known): Said | null {
  switch (file.status) {
    case "queued":
    case "uploaded":
      return { tone: "wait", icon: "waiting", text: words.state.waiting };
    case "scanning":
      return { tone: "wait", icon: "waiting", text: words.state.scanning };
    case "processing":
      return { tone: "run", icon: "running", text: words.state.processing };
    case "quarantined":
      return { tone: "fail", icon: "quarantined", text: words.state.quarantined };
    case "failed":
      return file.status_reason?.retryable
        ? { tone: "warn", icon: "person", text: file.status_reason.detail }
        : { tone: "fail", icon: "failed", text: file.status_reason?.detail ?? words.state.failed };
    default:
      if (file.analysis === "pending") return { tone: "run", icon: "running", text: words.state.analysing };
      return file.needs_password ? { tone: "warn", icon: "person", text: words.state.needsPassword } : null;
  }
}

/** A password protects it: nothing in it can be read; of an archive perhaps the names. */
export const isLocked = (file: Document): boolean =>
  file.text?.state === "needs-password" ||
  (file.properties.archive as { encrypted?: boolean } | undefined)?.encrypted === true;

/** The first sentence of a summary, without the article it begins with: `Invoice with the number …`. */
export function found(summary: string | null | undefined): string {
  const sentence = (summary ?? "").split(/(?<=\.)\s/)[0]!.replace(/\.$/, "");
  const bare = sentence.replace(/^(An?|Probably an?) /, "");
  return bare.charAt(0).toUpperCase() + bare.slice(1);
}
