// Uploads with tus-js-client: a job as JSON on each line of standard input, its outcome as JSON on a line of standard output.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Upload } from "tus-js-client";

const lines = createInterface({ input: process.stdin });

function upload({ endpoint, path, metadata, chunkSize, parallelUploads, uploadDataDuringCreation, headers }) {
  return new Promise((resolve) => {
    let file = null;
    let requests = 0;
    const sent = new Upload(createReadStream(path), {
      endpoint,
      headers: headers ?? {},
      metadata,
      chunkSize: chunkSize ?? Infinity,
      parallelUploads: parallelUploads ?? 1,
      uploadDataDuringCreation: uploadDataDuringCreation ?? false,
      retryDelays: Array.from({ length: 60 }, (_, at) => Math.min(25 * (at + 1), 1000)),
      storeFingerprintForResuming: false,
      onAfterResponse: (_request, response) => {
        requests += 1;
        file = response.getHeader("Filemill-File") ?? file;
      },
      onError: (error) => resolve({ error: String(error), requests }),
      onSuccess: () => resolve({ url: sent.url, file, requests }),
    });
    sent.start();
  });
}

for await (const line of lines) {
  console.log(JSON.stringify(await upload(JSON.parse(line))));
}
