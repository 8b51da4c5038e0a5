/** Who did what with the file, newest first; refused attempts too. */
import { useInfiniteQuery } from "@tanstack/preact-query";
import { address, get } from "../api/client";
import type { AuditPage } from "../api/shapes";
import { Button, Loading, ProblemNote } from "../parts/bits";
import { exactly, moment } from "../parts/format";
import { visible } from "../parts/names";
import { words } from "../words";

export function Audit({ id }: { id: string }) {
  const asked = useInfiniteQuery({
    queryKey: ["audit", id],
    queryFn: ({ pageParam, signal }) =>
      get<AuditPage>(address(`/api/metadata/files/${id}/audit`, { limit: 30, cursor: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor,
    staleTime: 0,
  });
  if (asked.error) return <ProblemNote error={asked.error} retry={() => void asked.refetch()} />;
  if (!asked.data) return <Loading />;
  const entries = asked.data.pages.flatMap((page) => page.items);
  return (
    <>
      <ul class="plainlist trail">
        {entries.map((entry) => (
          <li key={entry.entry_id}>
            <span>
              <b>{entry.action}</b> {entry.outcome !== "ok" && <span class="fail">{words.audit.refused}</span>}
              <br />
              <span class="m">
                {words.audit.by} {visible(entry.actor)}
                {entry.client_address && ` ${words.audit.from} ${entry.client_address}`}
              </span>
            </span>
            <time class="m" title={`${exactly(entry.at)}\n${entry.request_id ?? ""}`}>
              {moment(entry.at)}
            </time>
          </li>
        ))}
      </ul>
      {!entries.length && <p class="m">{words.audit.none}</p>}
      {asked.hasNextPage && (
        <Button class="small" onClick={() => void asked.fetchNextPage()}>
          {words.audit.more}
        </Button>
      )}
    </>
  );
}
