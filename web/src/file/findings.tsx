/** Findings with how sure they are; choosing one lights its place on the page. What is missing says what is missing. */
import type { Document } from "../api/shapes";
import { Bar, Empty } from "../parts/bits";
import { percent } from "../parts/format";
import { Icon } from "../parts/icons";
import { kindOf } from "../parts/kinds";
import { visible } from "../parts/names";
import { useLetters } from "../parts/shortcuts";
import { words } from "../words";
import { gistOf, SURE_FROM, type Fact } from "./facts";
import type { InfoProps } from "./info";

export function Findings({ file, facts, lit, onLight }: Omit<InfoProps, "tab">) {
  const gist = gistOf(file);
  const kind = gist.find((one) => one.capability === "classification");
  const unsure = facts.filter((fact) => fact.confidence !== null && fact.confidence < SURE_FROM);
  const step = (by: number) => {
    if (!facts.length) return;
    const at = facts.findIndex((fact) => fact.id === lit);
    onLight(facts[(at + by + facts.length) % facts.length]!.id);
  };
  useLetters({ n: () => step(1), p: () => step(-1) });
  const by = [
    ...new Set(
      file.findings
        .filter((one) => one.state === "done" && one.model)
        .map((one) => `${one.model} ${one.model_version ?? ""}`.trim()),
    ),
  ];
  return (
    <>
      {kind && (
        <p class="kindl">
          <Icon name={kindOf(file.content_type).icon} />
          <b>{kind.value}</b>
          <span class="m">{kind.confidence !== null && words.findings.sure(percent(kind.confidence))}</span>
        </p>
      )}
      {!gist.length && !facts.length && (
        <Empty icon="ai" title={words.findings.none}>
          <p>{file.analysis_reason?.detail ?? file.status_reason?.detail}</p>
        </Empty>
      )}
      <ul class="finds">
        {facts.map((fact) => (
          <One
            key={fact.id}
            fact={fact}
            on={fact.id === lit}
            onLight={() => onLight(fact.id === lit ? null : fact.id)}
          />
        ))}
      </ul>
      {unsure.length > 0 && (
        <p class="hint">
          <Icon name="person" />
          <span>{words.findings.unsure}</span>
        </p>
      )}
      <dl class="gist">
        {gist
          .filter((one) => one !== kind)
          .map((one) => (
            <div key={one.capability}>
              <dt>{one.label}</dt>
              <dd>{visible(one.value)}</dd>
            </div>
          ))}
      </dl>
      <Missing file={file} />
      {by.length > 0 && <p class="prov m">{words.findings.by(by.join(", "))}</p>}
    </>
  );
}

function One({ fact, on, onLight }: { fact: Fact; on: boolean; onLight: () => void }) {
  const low = fact.confidence !== null && fact.confidence < SURE_FROM;
  return (
    <li>
      <button
        type="button"
        class={`fi ${on ? "on" : ""} ${low ? "low" : ""}`}
        aria-pressed={on}
        onClick={onLight}
        data-fact={fact.id}
      >
        <span class="fl">{fact.label}</span>
        <span class="fv" title={visible(fact.value)}>
          <bdi>{visible(fact.value)}</bdi>
        </span>
        <span class="fw">{fact.page ? words.findings.page(fact.page) : ""}</span>
        <span class="fc" title={words.findings.confidence}>
          {fact.confidence !== null && (
            <>
              <Bar value={fact.confidence * 100} label={words.findings.confidence} class="conf" />
              {percent(fact.confidence)}
            </>
          )}
        </span>
      </button>
    </li>
  );
}

/** Abilities without a model here; only those that would say something of this kind of file. */
function Missing({ file }: { file: Document }) {
  const missing = file.findings.filter((finding) => finding.state === "needs-download" || finding.state === "failed");
  if (!missing.length) return null;
  return (
    <div class="missing">
      {missing.map((finding) => (
        <div class="absent" key={finding.capability}>
          <Icon name={finding.state === "failed" ? "failed" : "absent"} />
          <div>
            <p>
              <b>{words.findings.missing(words.findings.capabilities[finding.capability] ?? finding.capability)}</b>{" "}
              {finding.reason?.detail}
            </p>
            {finding.reason?.command && (
              <p>
                {words.findings.missingCommand} <code>{finding.reason.command}</code>
              </p>
            )}
          </div>
        </div>
      ))}
    </div>
  );
}
