/** Figures by day, type and state, and how long things take. */
import { useQuery } from "@tanstack/preact-query";
import { useMemo } from "preact/hooks";
import { go, usePlace, withQuery } from "../address";
import { address, get } from "../api/client";
import type { Analytics } from "../api/shapes";
import { Bar, Empty, Part } from "../parts/bits";
import { now } from "../parts/clock";
import { count, duration, size } from "../parts/format";
import { Icon } from "../parts/icons";
import { countFamilies, mostFirst } from "../parts/kinds";
import { visible } from "../parts/names";
import { words } from "../words";
import { Chart, type Line } from "./chart";

const said = words.ops.analytics;
const DAY_MS = 86_400_000;

export default function Page() {
  const { query } = usePlace();
  const days = Number(query.get("days")) || 30;
  const to = new Date(now()).toISOString().slice(0, 10);
  const from = new Date(now() - (days - 1) * DAY_MS).toISOString().slice(0, 10);
  const path = address("/api/metadata/analytics", { from: `${from}T00:00:00Z`, to: `${to}T00:00:00Z` });
  const asked = useQuery({ queryKey: ["analytics", from, to], queryFn: ({ signal }) => get<Analytics>(path, signal) });
  return (
    <>
      <div class="flts spaced">
        {said.ranges.map(([value, label]) => (
          <button
            key={value}
            type="button"
            class="chip"
            aria-pressed={String(days) === value}
            onClick={() => go(withQuery({ days: value }), true)}
          >
            {label}
          </button>
        ))}
        <a class="flt" href={`${path}&format=csv`} download={`filemill-${from}-${to}.csv`}>
          <Icon name="download" />
          <span>{said.csv}</span>
        </a>
      </div>
      <Part asked={asked} rows={6}>
        {(figures) =>
          figures.files ? (
            <Figures figures={figures} from={from} days={days} />
          ) : (
            <Empty icon="live" title={said.none} />
          )
        }
      </Part>
    </>
  );
}

function Figures({ figures, from, days }: { figures: Analytics; from: string; days: number }) {
  const { midnights, files, bytes } = useMemo(() => {
    const byDay = new Map(figures.days.map((day) => [day.day, day]));
    const first = Date.parse(from);
    const all = Array.from({ length: days }, (_, at) => new Date(first + at * DAY_MS).toISOString().slice(0, 10));
    const column = (pick: "files" | "failed" | "bytes") => all.map((day) => byDay.get(day)?.[pick] ?? 0);
    const files: Line[] = [
      { label: said.came, values: column("files"), colour: "--accent" },
      { label: said.failed, values: column("failed"), colour: "--fail" },
    ];
    const bytes: Line[] = [{ label: said.bytes, values: column("bytes"), colour: "--accent" }];
    return { midnights: all.map((day) => Date.parse(day) / 1000), files, bytes };
  }, [figures, from, days]);
  return (
    <>
      <div class="twocol">
        <section class="block">
          <h2>{said.files}</h2>
          <Chart label={said.files} days={midnights} lines={files} say={count} />
        </section>
        <section class="block">
          <h2>{said.bytes}</h2>
          <Chart label={said.bytes} days={midnights} lines={bytes} say={size} />
        </section>
      </div>
      <details class="block">
        <summary>{said.save}</summary>
        <table>
          <tbody>
            {figures.days.map((day) => (
              <tr key={day.day}>
                <th scope="row">{day.day}</th>
                <td class="num">{words.files(day.files, count(day.files))}</td>
                <td class="num">{size(day.bytes)}</td>
                <td class="num">{day.failed ? `${count(day.failed)} ${said.failed}` : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
      <div class="twocol">
        <Shares
          title={said.byType}
          rows={countFamilies(figures.by_type).map(([kind, files]) => [kind.many, files])}
          total={figures.files}
        />
        <Shares title={said.byStatus} rows={mostFirst(figures.by_status)} total={figures.files} />
        <section class="block">
          <h2>{said.stored}</h2>
          <dl class="bars">
            <Row name={words.ops.storage.bytes} value={figures.bytes} most={figures.bytes} text={size(figures.bytes)} />
            <Row
              name={words.ops.storage.stored}
              value={figures.bytes_stored}
              most={figures.bytes}
              text={size(figures.bytes_stored)}
            />
          </dl>
        </section>
        {Object.keys(figures.failures).length > 0 && (
          <Shares title={said.failures} rows={mostFirst(figures.failures)} total={figures.files} />
        )}
        {Object.keys(figures.top_tags).length > 0 && (
          <Shares title={said.tags} rows={mostFirst(figures.top_tags)} total={figures.files} />
        )}
      </div>
      <Times figures={figures} />
    </>
  );
}

function Shares({ title, rows, total }: { title: string; rows: [string, number][]; total: number }) {
  return (
    <section class="block">
      <h2>{title}</h2>
      <dl class="bars">
        {rows.map(([name, files]) => (
          <Row key={name} name={name} value={files} most={total} text={count(files)} />
        ))}
      </dl>
    </section>
  );
}

function Row({ name, value, most, text }: { name: string; value: number; most: number; text: string }) {
  return (
    <div>
      <dt>{visible(name)}</dt>
      <dd>
        <Bar value={(value / Math.max(1, most)) * 100} label={name} />
        <span>{text}</span>
      </dd>
    </div>
  );
}

function Times({ figures }: { figures: Analytics }) {
  const rows: [string, Analytics["processing_ms"]][] = [
    [said.processing, figures.processing_ms],
    [said.analysis, figures.analysis_ms],
    ...Object.entries(figures.steps_ms).map(([step, times]): [string, Analytics["processing_ms"]] => [
      words.story.hops[step] ?? step.replaceAll("_", " "),
      times,
    ]),
    ...Object.entries(figures.models_ms),
  ];
  return (
    <section class="block">
      <h2>{said.times}</h2>
      <div class="tw" tabIndex={0} role="group">
        <table>
          <thead>
            <tr>
              <th scope="col">{said.what}</th>
              <th scope="col" class="num">
                {said.runs}
              </th>
              <th scope="col" class="num">
                {said.p50}
              </th>
              <th scope="col" class="num">
                {said.p95}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, times]) => (
              <tr key={name}>
                <td>{visible(name)}</td>
                <td class="num m">{count(times.count)}</td>
                <td class="num">{times.p50 === null ? "" : duration(times.p50)}</td>
                <td class="num">{times.p95 === null ? "" : duration(times.p95)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
