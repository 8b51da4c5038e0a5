/** Webhooks: who is told of what, what was sent, and sending it again. */
import { useQuery } from "@tanstack/preact-query";
import { useState } from "preact/hooks";
import { go, usePlace, withQuery } from "../address";
import { call, get } from "../api/client";
import { queries } from "../api/queries";
import type { Delivery, DeliveryPage, Webhook, WebhookPage, WebhookWithSecret } from "../api/shapes";
import { Button, Empty, Part } from "../parts/bits";
import { Dialog } from "../parts/dialog";
import { duration, exactly, moment, until, when } from "../parts/format";
import { Field, Form } from "../parts/form";
import { Icon } from "../parts/icons";
import { say, sayProblem } from "../parts/messages";
import { visible } from "../parts/names";
import { Secret } from "../parts/secret";
import { words } from "../words";

const BASE = "/api/notifications";
const said = words.ops.hooks;
const changed = () => queries.invalidateQueries({ queryKey: ["webhooks"] });
const attempt = (deed: () => Promise<unknown>) => void deed().then(changed).catch(sayProblem);

export function Webhooks() {
  const { query } = usePlace();
  const open = query.get("webhook");
  const [adding, setAdding] = useState(false);
  const asked = useQuery({
    queryKey: ["webhooks"],
    queryFn: ({ signal }) => get<WebhookPage>(`${BASE}/webhooks`, signal),
  });
  return (
    <>
      <div class="acts spaced">
        <Button icon="plus" class="primary" onClick={() => setAdding(true)}>
          {said.add}
        </Button>
      </div>
      {adding && <Add onClose={() => setAdding(false)} />}
      <Part asked={asked}>
        {(page) =>
          page.items.length ? (
            <ul class="grps">
              {page.items.map((hook) => (
                <Hook key={hook.webhook_id} hook={hook} open={hook.webhook_id === open} />
              ))}
            </ul>
          ) : (
            <Empty icon="bell" title={said.none}>
              <p>{said.noneText}</p>
            </Empty>
          )
        }
      </Part>
    </>
  );
}

function Hook({ hook, open }: { hook: Webhook; open: boolean }) {
  const address = `${BASE}/webhooks/${hook.webhook_id}`;
  const test = async () => {
    const delivery = await call<Delivery>("POST", `${address}/test`, { timeoutMs: 25_000 });
    say(said.tested(words.ops.states[delivery.state] ?? delivery.state));
    await queries.invalidateQueries({ queryKey: ["deliveries", hook.webhook_id] });
  };
  return (
    <li class={open ? "grp open" : "grp"} data-webhook={hook.webhook_id}>
      <div class="gh hook">
        <button
          type="button"
          class="tog"
          aria-expanded={open}
          aria-label={said.deliveries}
          onClick={() => go(withQuery({ webhook: open ? null : hook.webhook_id }), true)}
        >
          <Icon name={open ? "down" : "forward"} />
        </button>
        <Icon
          name={hook.enabled ? (hook.failures ? "person" : "ready") : "parked"}
          class={hook.enabled && !hook.failures ? "ok" : "warn"}
        />
        <div class="gt">
          <h2>{visible(hook.url)}</h2>
          <p>
            {hook.event_types.join(", ")}
            {hook.description && `, ${visible(hook.description)}`}. {hook.enabled ? "" : `${said.off}. `}
            {hook.disabled_reason?.detail ??
              (hook.last_success_at ? said.lastOk(when(hook.last_success_at)) : said.never)}
          </p>
        </div>
        <div class="ga">
          <Button class="small" onClick={() => attempt(test)}>
            {said.test}
          </Button>
          <Button
            class="small"
            onClick={() => attempt(() => call("PATCH", address, { body: { enabled: !hook.enabled } }))}
          >
            {hook.enabled ? said.disable : said.enable}
          </Button>
          <Remove address={address} />
        </div>
      </div>
      {open && <Deliveries hook={hook} />}
    </li>
  );
}

function Remove({ address }: { address: string }) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button class="small danger" onClick={() => setAsking(true)}>
        {words.delete}
      </Button>
      {asking && (
        <Dialog title={said.remove} onClose={() => setAsking(false)}>
          <div class="acts">
            <Button onClick={() => setAsking(false)}>{words.cancel}</Button>
            <Button
              class="solidbad"
              onClick={() => {
                setAsking(false);
                attempt(() => call("DELETE", address));
              }}
            >
              {said.removeSure}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function Deliveries({ hook }: { hook: Webhook }) {
  const asked = useQuery({
    queryKey: ["deliveries", hook.webhook_id],
    queryFn: ({ signal }) => get<DeliveryPage>(`${BASE}/webhooks/${hook.webhook_id}/deliveries?limit=50`, signal),
    refetchInterval: 5_000,
  });
  const again = (id: string) =>
    attempt(async () => {
      await call("POST", `${BASE}/deliveries/${id}/replay`);
      say(said.replayed);
      await asked.refetch();
    });
  return (
    <div class="gb">
      <Part asked={asked} rows={2}>
        {(page) =>
          page.items.length ? (
            <ul class="plainlist">
              {page.items.map((one) => (
                <li key={one.delivery_id} data-delivery={one.delivery_id}>
                  <span>
                    <code>{one.type}</code>{" "}
                    <span class={one.state === "done" ? "ok" : one.state === "failed" ? "fail" : "wait"}>
                      {words.ops.states[one.state] ?? one.state}
                    </span>
                    <br />
                    <span class="m" title={exactly(one.created_at)}>
                      {moment(one.created_at)}
                      {one.status_code && `, ${said.status.toLowerCase()} ${one.status_code}`}
                      {one.duration_ms !== null && `, ${duration(one.duration_ms)}`}
                      {one.error && `, ${visible(one.error)}`}
                      {one.next_try_at && `, ${until(one.next_try_at)}`}
                    </span>
                  </span>
                  {one.state !== "running" && one.state !== "done" && (
                    <Button icon="retry" class="small" onClick={() => again(one.delivery_id)}>
                      {said.replay}
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          ) : (
            <p class="m">{said.noDeliveries}</p>
          )
        }
      </Part>
    </div>
  );
}

function Add({ onClose }: { onClose: () => void }) {
  const [url, setUrl] = useState("");
  const [types, setTypes] = useState("file.*");
  const [description, setDescription] = useState("");
  const [secret, setSecret] = useState("");
  const add = () =>
    attempt(async () => {
      const event_types = types
        .split(",")
        .map((one) => one.trim())
        .filter(Boolean);
      const made = await call<WebhookWithSecret>("POST", `${BASE}/webhooks`, {
        body: { url, event_types, description },
      });
      setSecret(made.secret);
    });
  return (
    <Dialog title={said.add} onClose={onClose}>
      {secret ? (
        <Secret text={secret} note={said.secret} />
      ) : (
        <Form act={said.add} onSend={add}>
          <Field label={said.url} value={url} onText={setUrl} type="url" required />
          <Field label={said.events} value={types} onText={setTypes} hint={said.eventsHint} required />
          <Field label={said.description} value={description} onText={setDescription} />
        </Form>
      )}
      <div class="acts">
        <Button onClick={onClose}>{words.close}</Button>
      </div>
    </Dialog>
  );
}
