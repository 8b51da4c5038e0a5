/** A file in one request, for what tus has no address for: a new version. `fetch` cannot say how much has gone, this can. */
import { credentials } from "../api/client";

export interface Sending {
  abort(forGood?: boolean): Promise<void>;
}

export interface PutOptions {
  headers: Record<string, string>;
  onProgress(sent: number): void;
  onSuccess(body: string): void;
  /** Status 0: the connection was lost. */
  onError(status: number, body: string): void;
}

/** Begins at once. Broken off it says nothing more. */
export function put(url: string, file: Blob, options: PutOptions): Sending {
  const request = new XMLHttpRequest();
  request.open("PUT", url);
  for (const [name, value] of Object.entries({ Accept: "application/json", ...credentials(), ...options.headers }))
    request.setRequestHeader(name, value);
  request.upload.onprogress = (event) => options.onProgress(event.loaded);
  request.onload = () =>
    request.status < 300
      ? options.onSuccess(request.responseText)
      : options.onError(request.status, request.responseText);
  request.onerror = () => options.onError(0, "");
  request.send(file);
  return {
    abort: () => {
      request.abort();
      return Promise.resolve();
    },
  };
}
