/** Links to a file: one that can be taken back, for people; a signed one, for programs. */
import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { call, get } from "../api/client";
import { queries } from "../api/queries";
import type { CreatedShare, Document, SharePage, SignedUrl } from "../api/shapes";
import { Button, Part } from "../parts/bits";
import { Dialog } from "../parts/dialog";
import { until } from "../parts/format";
import { Field, Form } from "../parts/form";
import { say, sayProblem } from "../parts/messages";
import { visible } from "../parts/names";
import { Secret } from "../parts/secret";
import { words } from "../words";

export function Share({ file, onClose }: { file: Document; onClose: () => void }) {
  const [made, setMade] = useState("");
  const [signed, setSigned] = useState("");
  const [seconds, setSeconds] = useState("604800");
  const [note, setNote] = useState("");
  const base = `/api/upload/files/${file.file_id}`;
  const make = async () => {
    try {
      const share = await call<CreatedShare>("POST", `${base}/shares`, {
        body: { expires_in: Number(seconds), note: note || null },
      });
      setMade(share.url);
      await queries.invalidateQueries({ queryKey: ["shares", file.file_id] });
    } catch (error) {
      sayProblem(error);
    }
  };
  const sign = async () => {
    try {
      setSigned((await call<SignedUrl>("POST", `${base}/signed-url`, { body: { expires_in: 3600 } })).url);
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <Dialog title={words.share.title} onClose={onClose}>
      <section>
        <h3>{words.share.link}</h3>
        <p>{words.share.linkText}</p>
        <Form act={words.share.make} icon="link" onSend={() => void make()}>
          <label for="share-ends">{words.share.ends}</label>
          <select
            id="share-ends"
            class="line"
            value={seconds}
            onChange={(event) => setSeconds(event.currentTarget.value)}
          >
            {words.share.days.map(([value, said]) => (
              <option key={value} value={value}>
                {said}
              </option>
            ))}
          </select>
          <Field label={words.share.note} value={note} onText={setNote} maxLength={200} />
        </Form>
        {made && <Secret text={new URL(made, location.origin).href} note={words.share.once} />}
        <Links id={file.file_id} />
      </section>
      <section>
        <h3>{words.share.signed}</h3>
        <p>{words.share.signedText}</p>
        <div class="acts">
          <Button icon="key" onClick={() => void sign()}>
            {words.share.makeSigned}
          </Button>
        </div>
        {signed && <Secret text={new URL(signed, location.origin).href} note="" />}
      </section>
      <div class="acts">
        <Button onClick={onClose}>{words.close}</Button>
      </div>
    </Dialog>
  );
}

function Links({ id }: { id: string }) {
  const asked = useQuery({
    queryKey: ["shares", id],
    queryFn: ({ signal }) => get<SharePage>(`/api/upload/files/${id}/shares`, signal),
  });
  const revoke = async (share: string) => {
    try {
      await call("DELETE", `/api/upload/files/${id}/shares/${share}`);
      say(words.share.revoked);
      await queries.invalidateQueries({ queryKey: ["shares", id] });
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <Part asked={asked} rows={1}>
      {(page) =>
        page.items.length > 0 && (
          <>
            <h3>{words.share.working}</h3>
            <ul class="plainlist">
              {page.items.map((share) => (
                <li key={share.share_id}>
                  <span>
                    {visible(share.note ?? share.created_by)}
                    <br />
                    <span class="m">
                      {share.state === "open"
                        ? words.share.until(until(share.expires_at))
                        : share.state === "expired"
                          ? words.share.ended
                          : words.share.takenBack}
                      , {words.share.opens(share.opens)}
                    </span>
                  </span>
                  {share.state === "open" && (
                    <Button class="small danger" onClick={() => void revoke(share.share_id)}>
                      {words.share.revoke}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          </>
        )
      }
    </Part>
  );
}
