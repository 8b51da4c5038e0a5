/** What the pages ask for, each under one name, so that an event can say what is stale. */
import { QueryClient, useQuery } from "@tanstack/preact-query";
import { readsFiles, session } from "../session";
import { useStore } from "../store";
import { get, Problem } from "./client";
import type {
  Analytics,
  Document,
  Health,
  JobGroups,
  JobPage,
  Keys,
  Limits,
  Logins,
  Models,
  SavedSearches,
  Snapshot,
  Stats,
  Timeline,
  WholeHealth,
} from "./shapes";

const MINUTE_MS = 60_000;

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: MINUTE_MS,
      refetchOnWindowFocus: false,
      // Asked without a network too, so that a failure is said and no page loads for ever; again when the network is back.
      networkMode: "always",
      refetchOnReconnect: true,
      retry: (failures, error) => error instanceof Problem && error.retryable && failures < 2,
    },
    mutations: { retry: false, networkMode: "always" },
  },
});

/** Whether whoever is here may ask about files. */
export const useReadsFiles = (): boolean => readsFiles(useStore(session));

/** One answer about files, asked for by whoever may read them. */
const useOfFiles = <T>(name: string, path: string) =>
  useQuery({
    queryKey: [name],
    queryFn: ({ signal }) => get<T>(path, signal),
    enabled: useReadsFiles(),
  });

export const useStats = () => useOfFiles<Stats>("stats", "/api/upload/stats");
export const useLimits = () => useOfFiles<Limits>("limits", "/api/upload/limits");
export const useSaved = () => useOfFiles<SavedSearches>("saved", "/api/metadata/searches");
export const useModels = () => useOfFiles<Models>("models", "/api/ai/models");

/** The commonest tags of all files, with their counts: of these without counting files. */
export const useTags = (enabled: boolean) =>
  useQuery({
    queryKey: ["tags"],
    queryFn: async ({ signal }) =>
      (await get<Analytics>("/api/metadata/analytics?from=0001-01-01T00:00:00Z", signal)).top_tags,
    enabled,
  });

export const useFile = (id: string) =>
  useQuery({
    queryKey: ["file", id],
    queryFn: ({ signal }) => get<Document>(`/api/metadata/files/${id}`, signal),
  });

export const useTimeline = (id: string) =>
  useQuery({
    queryKey: ["timeline", id],
    queryFn: ({ signal }) => get<Timeline>(`/api/metadata/files/${id}/timeline`, signal),
  });

/** API keys: one's own, for administrators all. `enabled` false where nobody is asked for credentials: then there are none. */
export const useKeys = (enabled = true) =>
  useQuery({
    queryKey: ["keys"],
    queryFn: ({ signal }) => get<Keys>(`${BASES.access}/keys`, signal),
    enabled,
  });

/** Where one is signed in. */
export const useLogins = (enabled = true) =>
  useQuery({
    queryKey: ["logins"],
    queryFn: ({ signal }) => get<Logins>(`${BASES.access}/logins`, signal),
    enabled,
  });

/** Where a service answers behind the gateway. */
export const BASES: Record<string, string> = {
  upload: "/api/upload",
  metadata: "/api/metadata",
  processing: "/api/processing",
  ai: "/api/ai",
  notification: "/api/notifications",
  access: "/api/access",
};

/** What a service or the sum of them says; one that is down answers 503 with the same shape: news, not a failure of the page. */
const health = async <T>(base: string, signal: AbortSignal): Promise<T> =>
  (await (await fetch(`${base}/health`, { signal })).json()) as T;

export const useHealth = (everyMs: number) =>
  useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => health<WholeHealth>("", signal),
    refetchInterval: everyMs,
  });

/** With what each service leans on. Where credentials are asked for, the sum leaves it out, and each service tells administrators. */
export const useWholeHealth = (everyMs: number) =>
  useQuery({
    queryKey: ["health", "whole"],
    queryFn: async ({ signal }) => {
      const whole = await health<WholeHealth>("", signal);
      const { who } = session.get();
      if (who?.is_admin && who.auth !== "none")
        await Promise.all(
          Object.entries(whole.services).map(async ([name, state]) => {
            const said = await health<Health>(BASES[name]!, signal).catch(() => null);
            if (said) Object.assign(state, said);
          }),
        );
      return whole;
    },
    refetchInterval: everyMs,
  });

/** The caller's jobs that workers have in hand now. */
export const useRunning = (service: "processing" | "ai", everyMs: number) =>
  useQuery({
    queryKey: ["jobs", service, "running"],
    queryFn: ({ signal }) => get<JobPage>(`/api/${service}/jobs?state=running&limit=6`, signal),
    refetchInterval: everyMs,
    enabled: useReadsFiles(),
  });

/** Queues and rates of the whole mill: for administrators. */
export const useSnapshot = (everyMs: number | false, enabled: boolean) =>
  useQuery({
    enabled,
    queryKey: ["snapshot"],
    queryFn: ({ signal }) => get<Snapshot>("/api/notifications/snapshot", signal),
    refetchInterval: everyMs,
  });

/** The causes for which jobs of processing and ai need a hand, those with most files first. */
export const useGroups = () =>
  useQuery({
    queryKey: ["groups"],
    queryFn: async ({ signal }) => {
      const both = await Promise.all(
        (["processing", "ai"] as const).map(async (service) => {
          const groups = await get<JobGroups>(`/api/${service}/jobs/groups`, signal);
          return groups.items.map((group) => ({ ...group, service }));
        }),
      );
      return both.flat().sort((a, b) => b.count - a.count);
    },
    refetchInterval: MINUTE_MS,
    enabled: useReadsFiles(),
  });
