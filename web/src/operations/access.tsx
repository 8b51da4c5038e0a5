/** API keys and where somebody is signed in. Keys are made by administrators and shown once. */
import { useState } from "preact/hooks";
import { call } from "../api/client";
import { queries, useKeys, useLogins } from "../api/queries";
import type { CreatedKey, NewKey } from "../api/shapes";
import { Button, Empty, Part } from "../parts/bits";
import { Dialog } from "../parts/dialog";
import { exactly, until, when } from "../parts/format";
import { Field, Form } from "../parts/form";
import { say, sayProblem } from "../parts/messages";
import { visible } from "../parts/names";
import { Secret } from "../parts/secret";
import { session } from "../session";
import { useStore } from "../store";
import { words } from "../words";

const said = words.ops.access;
const BASE = "/api/access";

export function Access() {
  const { who } = useStore(session);
  if (who?.auth === "none")
    return (
      <Empty icon="key" title={said.noAuth}>
        <p>
          {said.noAuthHow} <code>FILEMILL_AUTH=keys</code>
        </p>
      </Empty>
    );
  return (
    <>
      <KeyList admin={who?.is_admin ?? false} />
      <Sessions />
    </>
  );
}

function KeyList({ admin }: { admin: boolean }) {
  const [adding, setAdding] = useState(false);
  const asked = useKeys();
  return (
    <section class="block">
      <h2>{said.keys}</h2>
      {admin && (
        <Button icon="plus" class="small" onClick={() => setAdding(true)}>
          {said.add}
        </Button>
      )}
      {adding && <Add onClose={() => setAdding(false)} />}
      <Part asked={asked}>
        {(keys) =>
          keys.items.length ? (
            <div class="tw" tabIndex={0} role="group">
              <table>
                <thead>
                  <tr>
                    {[said.name, said.owner, said.shown, said.scopes, said.used, said.ends].map((name) => (
                      <th key={name} scope="col">
                        {name}
                      </th>
                    ))}
                    <th scope="col">
                      <span class="vh">{said.revoke}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {keys.items.map((key) => (
                    <tr key={key.key_id} data-key={key.key_id}>
                      <td>{visible(key.name)}</td>
                      <td>{visible(key.owner_id)}</td>
                      <td>
                        <code>{key.shown}</code>
                      </td>
                      <td class="m wrap">{key.scopes.join(", ")}</td>
                      <td class="m">{key.last_used_at ? when(key.last_used_at) : said.never}</td>
                      <td class="m">
                        {key.revoked_at ? said.revoked : key.expires_at ? until(key.expires_at) : said.never}
                      </td>
                      <td class="num">{!key.revoked_at && <Revoke id={key.key_id} name={key.name} />}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          ) : (
            <p class="m">{said.none}</p>
          )
        }
      </Part>
    </section>
  );
}

function Revoke({ id, name }: { id: string; name: string }) {
  const [asking, setAsking] = useState(false);
  const revoke = async () => {
    setAsking(false);
    try {
      await call("DELETE", `${BASE}/keys/${id}`);
      say(said.revoked);
      await queries.invalidateQueries({ queryKey: ["keys"] });
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <>
      <Button class="small danger" onClick={() => setAsking(true)}>
        {said.revoke}
      </Button>
      {asking && (
        <Dialog title={said.revoke} onClose={() => setAsking(false)}>
          <p>{said.revokeSure(visible(name))}</p>
          <div class="acts">
            <Button onClick={() => setAsking(false)}>{words.cancel}</Button>
            <Button class="solidbad" onClick={() => void revoke()}>
              {said.revoke}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

const SCOPES: NewKey["scopes"] = ["files:read", "files:write", "files:delete"];

function Add({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [owner, setOwner] = useState("");
  const [secret, setSecret] = useState("");
  const add = async () => {
    try {
      const body: NewKey = { name, owner_id: owner || null, scopes: SCOPES };
      const made = await call<CreatedKey>("POST", `${BASE}/keys`, { body });
      setSecret(made.key);
      await queries.invalidateQueries({ queryKey: ["keys"] });
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <Dialog title={said.add} onClose={onClose}>
      {secret ? (
        <Secret text={secret} note={said.secret} />
      ) : (
        <Form act={said.add} onSend={() => void add()}>
          <Field label={said.name} value={name} onText={setName} required />
          <Field label={said.owner} value={owner} onText={setOwner} required />
        </Form>
      )}
      <div class="acts">
        <Button onClick={onClose}>{words.close}</Button>
      </div>
    </Dialog>
  );
}

function Sessions() {
  const asked = useLogins();
  const end = async (id: string) => {
    try {
      await call("DELETE", `${BASE}/logins/${id}`);
      say(said.ended);
      await queries.invalidateQueries({ queryKey: ["logins"] });
    } catch (error) {
      sayProblem(error);
    }
  };
  return (
    <section class="block">
      <h2>{said.sessions}</h2>
      <Part asked={asked} rows={2}>
        {(logins) => (
          <ul class="plainlist">
            {logins.items.map((login) => (
              <li key={login.login_id}>
                <span>
                  {visible(login.agent ?? "")} {login.current && <span class="tagc">{said.current}</span>}
                  <br />
                  <span class="m" title={exactly(login.created_at)}>
                    {login.address}, {said.began.toLowerCase()} {when(login.created_at)}
                  </span>
                </span>
                {!login.current && (
                  <Button class="small" onClick={() => void end(login.login_id)}>
                    {said.end}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Part>
    </section>
  );
}
