/** What an empty installation shows: where to drop, what will happen, what works. */
import { useHealth, useLimits } from "../api/queries";
import { Button, SignButton } from "../parts/bits";
import { choose } from "../parts/drops";
import { size } from "../parts/format";
import { Icon } from "../parts/icons";
import { say } from "../parts/messages";
import { words } from "../words";

export function FirstRun() {
  const limits = useLimits().data;
  return (
    <main id="main" class="scroll emptyp" tabIndex={-1}>
      <div class="drop">
        <div class="di">
          <Icon name="upload" />
        </div>
        <h1>{words.first.title}</h1>
        <p>{words.first.text(limits ? size(limits.max_file_bytes) : "…")}</p>
        <div class="acts">
          <Button icon="upload" class="primary big" onClick={() => choose()}>
            {words.first.choose}
          </Button>
          <Button class="big" onClick={() => choose(true)}>
            {words.first.folder}
          </Button>
        </div>
      </div>
      <section class="half whole">
        <h2>{words.first.what}</h2>
        <ol class="steps">
          {words.first.steps.map(([icon, title, text]) => (
            <li key={title}>
              <span class="sic">
                <Icon name={icon} />
              </span>
              <b>{title}</b>
              <p>{text}</p>
            </li>
          ))}
        </ol>
      </section>
      <Readiness />
      <p class="cli">
        {words.first.terminal} <code>{words.first.command}</code>
        <SignButton
          icon="copy"
          name={words.first.copyCommand}
          class="tiny"
          onClick={() => void navigator.clipboard?.writeText(words.first.command).then(() => say(words.copied))}
        />
      </p>
    </main>
  );
}

function Readiness() {
  const services = Object.entries(useHealth(10_000).data?.services ?? {});
  if (!services.length) return <p class="ready" />;
  const away = services.filter(([, service]) => service.status !== "ok").map(([name]) => name);
  return (
    <p class="ready">
      <span class={away.length ? "st warn" : "st ok"}>
        <Icon name={away.length ? "person" : "ready"} />
        <span>{away.length ? words.first.notReady(away.join(", ")) : words.first.ready(services.length)}</span>
      </span>
      <span>
        {words.first.models} <a href="/operations/models">{words.first.modelsLink}</a>.
      </span>
    </p>
  );
}
