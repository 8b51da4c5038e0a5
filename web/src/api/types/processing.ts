// Made from docs/openapi by `npm run types`; do not edit.
export interface paths {
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
         * Process files again that fit a filter
         * @description A page of the caller's files at a time: the ones that fit go to the bulk lane, or are only counted.
         */
        post: operations["reprocess_jobs_reprocess_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is done with which type of file, step by step
         * @description Each plan with its steps in order: what each is for, and which of its programs are in force or missing here.
         */
        get: operations["plans_plans_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/renditions/custom": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A picture in another size or format, signed
         * @description `?w=&h=&fit=&format=&expires=&key=&sig=` as `POST` wrote it: nobody can have us draw other sizes.
         */
        get: operations["custom_files__file_id__renditions_custom_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/renditions/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A picture made from a file
         * @description What exists, or what can be made: `page-N` of a PDF or office document, `page-N.png` (or jpeg, avif, webp), a `card`.
         *
         *     It has an ETag.
         */
        get: operations["rendition_files__file_id__renditions__name__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/renditions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get an address of the file's picture in another size or format
         * @description It works without credentials until it expires. The picture is made when it is first asked for.
         */
        post: operations["sign_files__file_id__renditions_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/blobs/named": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Which of these stored blobs are renditions or text
         * @description `keys`: storage keys, separated by commas. For upload, which removes what nobody names.
         */
        get: operations["named_blobs_named_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/unpack": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make files of what is in an archive or a mail
         * @description Behind new uploads. Asked again for the same, it is the same job; a part that is a file already stays that file.
         *
         *     `paths`: as `properties.archive.entries` names them; all of it without. The parts become files that follow this one.
         */
        post: operations["unpack_files__file_id__unpack_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/parts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was taken out of a file, and what became of it
         * @description Of the newest version, in the order in which they are in it.
         */
        get: operations["parts_files__file_id__parts_get"];
        put?: never;
        post?: never;
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
         * NewRendition
         * @description A picture that is wanted, in pixels. It is never larger than the file's own.
         *
         *     `inside`: whole, within both sides; `cover`: cut from the middle to the shape of both.
         */
        NewRendition: {
            /** W */
            w?: number | null;
            /** H */
            h?: number | null;
            /**
             * Fit
             * @default inside
             * @enum {string}
             */
            fit: "inside" | "cover";
            /**
             * Format
             * @default webp
             * @enum {string}
             */
            format: "webp" | "avif" | "jpeg" | "png";
            /**
             * Expires In
             * @description Seconds the address works.
             * @default 86400
             */
            expires_in: number;
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
         * Part
         * @description What was taken out of a file. `handed`: it is the file `child_id`; `refused`: upload did not take it, for this reason.
         *
         *     `dropped`: the parent was deleted first; `purged`: the file it became was purged.
         */
        Part: {
            /** Version */
            version: number;
            /** Number */
            number: number;
            /** Path */
            path: string;
            /** Name */
            name: string;
            /** Content Type */
            content_type?: string | null;
            /** Size */
            size: number;
            /** Sha256 */
            sha256?: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "waiting" | "handed" | "refused" | "dropped" | "purged";
            reason?: components["schemas"]["Reason"] | null;
            /** Child Id */
            child_id?: string | null;
        };
        /**
         * PartPage
         * @description A page of parts, in the order in which they are in the file.
         */
        PartPage: {
            /** Items */
            items: components["schemas"]["Part"][];
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
        /**
         * SignedUrl
         * @description A link that works without credentials until `expires_at`.
         */
        SignedUrl: {
            /** Url */
            url: string;
            /** Expires At */
            expires_at: string;
        };
        /**
         * UnpackRequest
         * @description What to take out of an archive: `paths` as the archive lists them; all of it if not given.
         */
        UnpackRequest: {
            /** Paths */
            paths?: string[] | null;
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
    plans_plans_get: {
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
                        [key: string]: unknown;
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
    custom_files__file_id__renditions_custom_get: {
        parameters: {
            query?: never;
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
                    "application/json": unknown;
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
    rendition_files__file_id__renditions__name__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
                name: string;
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
                    "application/json": unknown;
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
    sign_files__file_id__renditions_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRendition"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedUrl"];
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
    named_blobs_named_get: {
        parameters: {
            query: {
                keys: string;
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
                    "application/json": {
                        [key: string]: string[];
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
    unpack_files__file_id__unpack_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["UnpackRequest"] | null;
            };
        };
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
    parts_files__file_id__parts_get: {
        parameters: {
            query?: {
                /** @description Items on a page. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string | null;
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
                    "application/json": components["schemas"]["PartPage"];
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
