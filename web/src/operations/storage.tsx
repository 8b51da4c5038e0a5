/** What is stored, how much room it takes, and every limit in force. */
import { useLimits, useStats } from "../api/queries";
import { Bar, Part } from "../parts/bits";
import { count, percent, size } from "../parts/format";
import { countFamilies } from "../parts/kinds";
import { words } from "../words";

const said = words.ops.storage;

export function Storage() {
  const stats = useStats();
  const limits = useLimits();
  return (
    <>
      <Part asked={stats}>
        {(sums) => {
          const saved = sums.bytes ? 1 - sums.bytes_stored / sums.bytes : 0;
          const families = countFamilies(sums.by_type);
          return (
            <>
              <div class="figs four">
                <Figure value={count(sums.files)} label={said.files} small="" />
                <Figure value={size(sums.bytes)} label={said.bytes} small="" />
                <Figure
                  value={size(sums.bytes_stored)}
                  label={said.stored}
                  small={saved > 0.005 ? said.saved(percent(saved)) : said.same}
                />
                <Figure value={count(sums.uploads_today)} label={said.today} small="" />
              </div>
              <section class="block">
                <h2>{said.byType}</h2>
                <dl class="bars">
                  {families.map(([kind, files]) => (
                    <div key={kind.family}>
                      <dt>{kind.many}</dt>
                      <dd>
                        <Bar value={(files / Math.max(1, sums.files)) * 100} label={kind.many} />
                        <span>{count(files)}</span>
                      </dd>
                    </div>
                  ))}
                </dl>
              </section>
            </>
          );
        }}
      </Part>
      <section class="block">
        <h2>{said.limits}</h2>
        <Part asked={limits}>
          {(all) => (
            <dl class="gist wide">
              <Line name={said.maxFile} value={size(all.max_file_bytes)} />
              <Line
                name={said.quota}
                value={all.quota_bytes ? `${size(all.used_bytes)} / ${size(all.quota_bytes)}` : said.noQuota}
              />
              <Line name={said.trash} value={said.days(all.trash_days)} />
              <Line name={said.zip} value={said.zipOf(all.max_zip_files, size(all.max_zip_bytes))} />
              <Line name={said.refused} value={all.refused_types.join(", ")} />
              <Line name={said.freeDisk} value={size(all.min_free_disk_bytes)} />
              <Line name={said.rate} value={all.rate_per_s ? String(all.rate_per_s) : said.noRate} />
            </dl>
          )}
        </Part>
      </section>
      <section class="block">
        <h2>{said.verify}</h2>
        <p>
          {said.verifyText} <code>{said.verifyCommand}</code>
        </p>
      </section>
    </>
  );
}

function Figure({ value, label, small }: { value: string; label: string; small: string }) {
  return (
    <div class="fig">
      <p class="v">{value}</p>
      <p class="l">{label}</p>
      <p class="s">{small}</p>
    </div>
  );
}

function Line({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
