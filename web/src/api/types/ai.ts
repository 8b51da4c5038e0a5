// Made from docs/openapi by `npm run types`; do not edit.
export interface paths {
    "/analyze/{file_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for an analysis
         * @description 202 with the job; 200 when the same question was answered before, or within `wait`.
         */
        post: operations["analyze_analyze__file_id__post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is known
         * @description The newest finding of each capability, with evidence; with `earlier` beside the last five that differ in model.
         */
        get: operations["findings_files__file_id__findings_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/reprocess": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Analyse files again that fit a filter
         * @description A page of the caller's files at a time: the ones that fit go to the bulk lane, or are only counted.
         */
        post: operations["reprocess_jobs_reprocess_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Models, by capability and rank
         * @description What each capability runs on, what would be better, and what it takes to have it; `loaded` where a worker has it.
         */
        get: operations["models_models_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/embeddings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Vectors of the text
         * @description A page of them. 404 `no-embeddings` while the text has none.
         */
        get: operations["embeddings_files__file_id__embeddings_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/embed": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Vectors of a question
         * @description As the chunks of files are: by the best model there is, loaded when first asked.
         */
        post: operations["embed_embed_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Jobs, newest first
         * @description The caller's jobs.
         */
        get: operations["page_jobs_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Failures by cause
         * @description What failed, by cause, the most frequent first.
         */
        get: operations["groups_jobs_groups_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/lanes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Open jobs by lane
         * @description How many of the caller's jobs are open.
         */
        get: operations["lanes_jobs_lanes_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry many jobs
         * @description Every failed, parked or cancelled job that matches; at most 10,000 in one call.
         */
        post: operations["retry_many_jobs_retry_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One job
         * @description With the files ahead of it and an estimated wait while it is queued.
         */
        get: operations["get_jobs__job_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{job_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try again
         * @description Fresh tries for a job that has ended, also one that went well: after a program or a model was installed, say.
         */
        post: operations["retry_jobs__job_id__retry_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop it
         * @description A queued job is cancelled at once, a running one within about a second.
         */
        post: operations["cancel_jobs__job_id__cancel_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether this service can do its job, and what it leans on */
        get: operations["health_health_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The process answers */
        get: operations["livez_livez_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Started, and not draining */
        get: operations["readyz_readyz_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parked": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events that failed their last try */
        get: operations["parked_parked_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/parked/{event_id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a parked event fresh tries */
        post: operations["retry_parked__event_id__retry_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AnalyzeAnswer
         * @description 202 while the job runs; 200 with the findings when the same question was answered before.
         */
        AnalyzeAnswer: {
            /** Job Id */
            job_id?: string | null;
            /** Status */
            status: string;
            /**
             * Cached
             * @default false
             */
            cached: boolean;
            /** Findings */
            findings?: components["schemas"]["Finding"][] | null;
            /** Last */
            last?: components["schemas"]["Finding"][] | null;
        };
        /**
         * AnalyzeRequest
         * @description Which capabilities to run (the default set when absent) and their options.
         */
        AnalyzeRequest: {
            /** Capabilities */
            capabilities?: string[] | null;
            /** Options */
            options?: {
                [key: string]: unknown;
            };
        };
        /**
         * BreakerHealth
         * @description A breaker that refuses calls to a dependency (`open`), or lets one through to see whether it is back (`half-open`).
         */
        BreakerHealth: {
            /** Dependency */
            dependency: string;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "half-open";
            /**
             * Next Try S
             * @description Until the next call is let through.
             */
            next_try_s: number;
        };
        /**
         * BulkResult
         * @description How many jobs matched, and how many were queued again (0 in a dry run).
         */
        BulkResult: {
            /** Matched */
            matched: number;
            /** Retried */
            retried: number;
        };
        /**
         * BulkRetry
         * @description A bulk retry; with `dry_run` only the count is answered.
         */
        BulkRetry: {
            /** @default {} */
            filter: components["schemas"]["JobFilter"];
            /**
             * Dry Run
             * @default false
             */
            dry_run: boolean;
        };
        /**
         * DependencyHealth
         * @description One thing a service leans on. `detail` says what is wrong and what still works.
         */
        DependencyHealth: {
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "degraded" | "down";
            /** Detail */
            detail?: string | null;
        };
        /**
         * EarlierFinding
         * @description What another model, another version of it, or other options said before.
         */
        EarlierFinding: {
            /** Capability */
            capability: string;
            /**
             * State
             * @enum {string}
             */
            state: "done" | "empty" | "needs-download" | "unsupported" | "failed";
            /** Result */
            result?: unknown;
            /** Model */
            model?: string | null;
            /** Model Version */
            model_version?: string | null;
            /** Model Digest */
            model_digest?: string | null;
            /** Quality */
            quality?: string | null;
            /** Confidence */
            confidence?: number | null;
            /** Evidence */
            evidence?: {
                [key: string]: unknown;
            }[];
            reason?: components["schemas"]["Reason"] | null;
            /** Looked At Characters */
            looked_at_characters?: number | null;
            /** Of Characters */
            of_characters?: number | null;
            /**
             * Duration Ms
             * @default 0
             */
            duration_ms: number;
            /**
             * Reused
             * @default false
             */
            reused: boolean;
            /** Found At */
            found_at: string;
        };
        /**
         * EmbedAnswer
         * @description A vector for each text, in order: base64 of float32, little-endian. Compare only with those of the same digest.
         */
        EmbedAnswer: {
            /** Model */
            model: string;
            /** Model Version */
            model_version: string;
            /** Model Digest */
            model_digest: string;
            /** Dimensions */
            dimensions: number;
            /** Vectors */
            vectors: string[];
        };
        /**
         * EmbedRequest
         * @description Texts to make vectors of, as a question that is searched for; only the beginning of a long one counts.
         */
        EmbedRequest: {
            /** Texts */
            texts: string[];
        };
        /**
         * EmbeddedChunk
         * @description A chunk of the text, characters `start` to `end` of a page, and its vector: base64 of float32, little-endian.
         */
        EmbeddedChunk: {
            /** Chunk */
            chunk: number;
            /** Page */
            page: number;
            /** Start */
            start: number;
            /** End */
            end: number;
            /** Vector */
            vector: string;
        };
        /**
         * EmbeddingsView
         * @description Vectors of a file's text, all of one model, in reading order. Compare them only with vectors of the same digest.
         */
        EmbeddingsView: {
            /** File Id */
            file_id: string;
            /** Version */
            version: number;
            /** Model */
            model: string;
            /** Model Version */
            model_version: string;
            /** Model Digest */
            model_digest: string;
            /** Dimensions */
            dimensions: number;
            /** Items */
            items: components["schemas"]["EmbeddedChunk"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * Finding
         * @description What one capability found: result, model, confidence and evidence; or the reason why there is nothing.
         *
         *     `reused`: it was found in an equal file, or in this one before, and `duration_ms` is what it took then.
         */
        Finding: {
            /** Capability */
            capability: string;
            /**
             * State
             * @enum {string}
             */
            state: "done" | "empty" | "needs-download" | "unsupported" | "failed";
            /** Result */
            result?: unknown;
            /** Model */
            model?: string | null;
            /** Model Version */
            model_version?: string | null;
            /** Model Digest */
            model_digest?: string | null;
            /** Quality */
            quality?: string | null;
            /** Confidence */
            confidence?: number | null;
            /** Evidence */
            evidence?: {
                [key: string]: unknown;
            }[];
            reason?: components["schemas"]["Reason"] | null;
            /** Looked At Characters */
            looked_at_characters?: number | null;
            /** Of Characters */
            of_characters?: number | null;
            /**
             * Duration Ms
             * @default 0
             */
            duration_ms: number;
            /**
             * Reused
             * @default false
             */
            reused: boolean;
        };
        /**
         * FindingsView
         * @description The current findings about one file; `earlier`, newest first, only if it was asked for.
         */
        FindingsView: {
            /** File Id */
            file_id: string;
            /** Version */
            version: number;
            /** Analyzed At */
            analyzed_at?: string | null;
            /** Items */
            items: components["schemas"]["Finding"][];
            /** Earlier */
            earlier?: components["schemas"]["EarlierFinding"][] | null;
        };
        /**
         * Health
         * @description `ok` or `degraded` is answered with 200, `down` (cannot do its job) with 503.
         */
        Health: {
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "degraded" | "down";
            /** Service */
            service: string;
            /** Version */
            version: string;
            /** Dependencies */
            dependencies: {
                [key: string]: components["schemas"]["DependencyHealth"];
            };
            /**
             * Breakers
             * @description Of the process that answers; the closed ones are left out.
             */
            breakers?: components["schemas"]["BreakerHealth"][];
            /**
             * Workers
             * @description Worker processes of this service on this machine; absent where it has none or they may be elsewhere.
             */
            workers?: number | null;
        };
        /**
         * Job
         * @description One unit of work. `files_ahead` and `wait_s` are there while it is queued: an estimate, not a promise.
         */
        Job: {
            /** Job Id */
            job_id: string;
            /** File Id */
            file_id: string;
            /** Owner Id */
            owner_id: string;
            /**
             * State
             * @enum {string}
             */
            state: "queued" | "running" | "done" | "failed" | "parked" | "cancelled";
            /** Lane */
            lane: string;
            /** Cause */
            cause: string;
            /** Attempts */
            attempts: number;
            /** Progress */
            progress?: {
                [key: string]: unknown;
            } | null;
            reason?: components["schemas"]["Reason"] | null;
            /** Files Ahead */
            files_ahead?: number | null;
            /** Wait S */
            wait_s?: number | null;
            /** Result */
            result?: {
                [key: string]: unknown;
            } | null;
            /** Created At */
            created_at: string;
            /** Started At */
            started_at?: string | null;
            /** Finished At */
            finished_at?: string | null;
        };
        /**
         * JobFilter
         * @description Which jobs a bulk call means; an empty filter means every parked or failed job of the caller.
         */
        JobFilter: {
            /** State */
            state?: ("queued" | "running" | "done" | "failed" | "parked" | "cancelled") | null;
            /** Code */
            code?: string | null;
            /** File Id */
            file_id?: string | null;
        };
        /**
         * JobGroup
         * @description Jobs that ended for the same cause: how many, since when, per hour of the last day, and whether a retry can help.
         */
        JobGroup: {
            /** Code */
            code: string;
            /** Detail */
            detail: string;
            /** Count */
            count: number;
            /** Since */
            since: string;
            /** Hourly */
            hourly: number[];
            /** Retryable */
            retryable: boolean;
        };
        /**
         * JobGroups
         * @description Failures by cause, the most frequent first.
         */
        JobGroups: {
            /** Items */
            items: components["schemas"]["JobGroup"][];
        };
        /**
         * JobLanes
         * @description How many jobs of the caller are open in each lane: new uploads, and re-runs.
         */
        JobLanes: {
            /** Interactive */
            interactive: number;
            /** Bulk */
            bulk: number;
        };
        /**
         * JobPage
         * @description A page of jobs, newest first.
         */
        JobPage: {
            /** Items */
            items: components["schemas"]["Job"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * Model
         * @description A model the registry knows. `command` is what makes a model that `needs-download` ready.
         */
        Model: {
            /** Id */
            id: string;
            /** Version */
            version: string;
            /** Capability */
            capability: string;
            /** Rank */
            rank: number;
            /** State */
            state: string;
            /** Quality */
            quality: string;
            /** Runtime */
            runtime: string;
            /** Licence */
            licence: string;
            /** Languages */
            languages?: string[];
            /** Size Bytes */
            size_bytes?: number | null;
            /**
             * Device
             * @default cpu
             */
            device: string;
            /** Digest */
            digest?: string | null;
            /** Reason */
            reason?: string | null;
            /** Command */
            command?: string | null;
        };
        /**
         * Models
         * @description Every model, by capability and rank.
         */
        Models: {
            /** Items */
            items: components["schemas"]["Model"][];
        };
        /**
         * ParkedMessage
         * @description An event or job that failed its last try and waits for a person.
         */
        ParkedMessage: {
            /** Id */
            id: string;
            /** Queue */
            queue: string;
            /** Type */
            type: string;
            /** File Id */
            file_id?: string | null;
            /** Tries */
            tries: number;
            /** Reason */
            reason: string;
            /** Parked At */
            parked_at: string;
            /** Trace Id */
            trace_id?: string | null;
            /** Retry Command */
            retry_command: string;
        };
        /**
         * ParkedPage
         * @description What is parked at one service, newest first.
         */
        ParkedPage: {
            /** Items */
            items: components["schemas"]["ParkedMessage"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * Problem
         * @description `code` is what programs branch on; `detail` is for people; `retryable` says whether the same call may succeed later.
         */
        Problem: {
            /** Type */
            type: string;
            /** Title */
            title: string;
            /** Status */
            status: number;
            /** Detail */
            detail: string;
            /** Code */
            code: string;
            /** Retryable */
            retryable: boolean;
            /** Request Id */
            request_id?: string | null;
        };
        /**
         * Reason
         * @description Why something is in its state, in words; whether trying again can help; the command that mends it, if one does.
         */
        Reason: {
            /** Code */
            code: string;
            /** Detail */
            detail: string;
            /**
             * Retryable
             * @default false
             */
            retryable: boolean;
            /** Command */
            command?: string | null;
        };
        /**
         * ReprocessAnswer
         * @description A page: files looked at, those that matched, jobs queued (files with an open job get none), an estimate in seconds.
         */
        ReprocessAnswer: {
            /** Looked At */
            looked_at: number;
            /** Matched */
            matched: number;
            /** Queued */
            queued: number;
            /** Seconds */
            seconds: number;
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * ReprocessRequest
         * @description Which of the caller's files to work on again: parts joined by `and`, as the service's `bad-filter` explains them.
         *
         *     `cursor` is `next_cursor` of the answer before; with `dry_run` nothing is queued.
         */
        ReprocessRequest: {
            /** Where */
            where: string;
            /**
             * Dry Run
             * @default false
             */
            dry_run: boolean;
            /** Cursor */
            cursor?: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    analyze_analyze__file_id__post: {
        parameters: {
            query?: {
                /** @description Seconds to wait for the result. */
                wait?: number;
            };
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AnalyzeRequest"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnalyzeAnswer"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    findings_files__file_id__findings_get: {
        parameters: {
            query?: {
                /** @description Also what other models, or other options, said before. */
                earlier?: boolean;
            };
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FindingsView"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reprocess_jobs_reprocess_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReprocessRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReprocessAnswer"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    models_models_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Models"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    embeddings_files__file_id__embeddings_get: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: number;
            };
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmbeddingsView"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    embed_embed_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmbedRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmbedAnswer"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    page_jobs_get: {
        parameters: {
            query?: {
                state?: ("queued" | "running" | "done" | "failed" | "parked" | "cancelled") | null;
                /** @description A reason code, such as `deadline`. */
                cause?: string | null;
                file_id?: string | null;
                /** @description Items on a page. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobPage"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    groups_jobs_groups_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobGroups"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    lanes_jobs_lanes_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobLanes"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retry_many_jobs_retry_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkRetry"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkResult"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_jobs__job_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retry_jobs__job_id__retry_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_jobs__job_id__cancel_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    health_health_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    livez_livez_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readyz_readyz_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    parked_parked_get: {
        parameters: {
            query?: {
                /** @description Items on a page. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ParkedPage"];
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retry_parked__event_id__retry_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                event_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: string;
                    };
                };
            };
            /** @description Any error, as problem+json. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
