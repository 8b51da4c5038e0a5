// Made from docs/openapi by `npm run types`; do not edit.
export interface paths {
    "/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search, or list
         * @description Words are looked for in names, titles, tags, extracted text and findings, in all their forms.
         *
         *     In quotes they are exact. A word that nothing has is taken for the nearest one that names and titles have: `corrected`.
         */
        get: operations["find_files_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change tags and fields of everything that matches
         * @description A page of files at a time, newest first; go on with `next_cursor` until it is null. Repeating it does no harm.
         *
         *     Files that are not in the index yet (`not_indexed` of a search) are not among them.
         */
        patch: operations["change_files_patch"];
        trace?: never;
    };
    "/files/{file_id}/similar": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Files like it
         * @description Near-duplicates of a picture; files about the same as a text.
         */
        get: operations["similar_files__file_id__similar_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Everything that matches, as CSV or lines of JSON
         * @description Newest first, without a bound, as it is sent: what arrives meanwhile is not in it.
         *
         *     In a table a text that a spreadsheet would take for a formula begins with an apostrophe; lines of JSON are exact.
         */
        get: operations["export_export_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/searches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's saved searches
         * @description By name.
         */
        get: operations["list_searches_get"];
        put?: never;
        /**
         * Save a search
         * @description Run it with `GET /files?saved=NAME`. A second one of a name is 409.
         */
        post: operations["add_searches_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/searches/{search_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Forget a saved search
         * @description Files stay as they are.
         */
        delete: operations["remove_searches__search_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tags/merge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * One tag instead of several
         * @description A page of files at a time, tag by tag, newest first; go on with `next_cursor` until it is null.
         */
        post: operations["merge_tags_merge_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's retention rules
         * @description By name.
         */
        get: operations["list_rules_get"];
        put?: never;
        /**
         * Add a rule
         * @description It acts after a grace; until then, and after it, `preview` says what it would delete.
         */
        post: operations["add_rules_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/rules/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What a rule would delete that is not there yet
         * @description Nothing is kept, and nothing asked for.
         */
        post: operations["try_out_rules_preview_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/rules/{rule_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One rule
         * @description With what came of it last.
         */
        get: operations["get_rules__rule_id__get"];
        put?: never;
        post?: never;
        /**
         * Remove a rule
         * @description What it has brought to the trash stays there.
         */
        delete: operations["remove_rules__rule_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change a rule
         * @description A rule that means something else now begins anew, with its grace.
         */
        patch: operations["patch_rules__rule_id__patch"];
        trace?: never;
    };
    "/rules/{rule_id}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a rule would delete now
         * @description Nothing is asked for.
         */
        get: operations["preview_rules__rule_id__preview_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/rules/{rule_id}/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who changed a rule, when
         * @description Newest first; of a rule that was removed, too.
         */
        get: operations["audit_rules__rule_id__audit_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/analytics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Files in numbers
         * @description Whole days (UTC): counts and bytes by day, type, status; failures by reason; times of steps and models; top tags.
         */
        get: operations["analytics_analytics_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/analytics/owners": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What each owner has
         * @description For admins: files and bytes of each owner created on these days, those with most bytes first.
         */
        get: operations["owners_analytics_owners_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Everything known of a file
         * @description The file, its properties, text state, renditions and findings.
         */
        get: operations["get_files__file_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Change title, tags, fields
         * @description A JSON merge patch; with `If-Match` it is refused (412) if somebody changed the file meanwhile.
         */
        patch: operations["patch_files__file_id__patch"];
        trace?: never;
    };
    "/files/{file_id}/text": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The extracted text
         * @description Plain text, Markdown, or JSON: pages and chunks with where they stand on the page.
         */
        get: operations["text_files__file_id__text_get"];
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
         * A picture made from the file
         * @description What exists; anything else is processing's to make.
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
    "/files/{file_id}/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who did what, when
         * @description Newest first; refused attempts too.
         */
        get: operations["audit_files__file_id__audit_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Its story, and why
         * @description Each hop, wait, try and step in order of time, and in words why the file is where it is.
         */
        get: operations["timeline_files__file_id__timeline_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/requests/{request_id}/file": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The file a request was about
         * @description From a request id to the file it uploaded.
         */
        get: operations["of_request_requests__request_id__file_get"];
        put?: never;
        post?: never;
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
         * Analytics
         * @description Counts by day, type and status; failures by reason; times, of steps and models too; the most used tags.
         *
         *     `bytes_stored`: what the store holds for the newest contents; one that several files share counts with each.
         */
        Analytics: {
            /** Days */
            days: components["schemas"]["AnalyticsDay"][];
            /** By Type */
            by_type: {
                [key: string]: number;
            };
            /** By Status */
            by_status: {
                [key: string]: number;
            };
            /** Bytes */
            bytes: number;
            /**
             * Bytes Stored
             * @default 0
             */
            bytes_stored: number;
            /** Files */
            files: number;
            /** Failures */
            failures?: {
                [key: string]: number;
            };
            processing_ms: components["schemas"]["Times"];
            analysis_ms: components["schemas"]["Times"];
            /** Steps Ms */
            steps_ms?: {
                [key: string]: components["schemas"]["Times"];
            };
            /** Models Ms */
            models_ms?: {
                [key: string]: components["schemas"]["Times"];
            };
            /** Top Tags */
            top_tags: {
                [key: string]: number;
            };
        };
        /**
         * AnalyticsDay
         * @description What happened on one day (UTC).
         */
        AnalyticsDay: {
            /** Day */
            day: string;
            /** Files */
            files: number;
            /** Bytes */
            bytes: number;
            /** Processed */
            processed: number;
            /** Failed */
            failed: number;
        };
        /**
         * AuditEntry
         * @description Who did what to a file, when, from where, in which request; refused attempts too.
         */
        AuditEntry: {
            /** Entry Id */
            entry_id: number;
            /** At */
            at: string;
            /** Actor */
            actor: string;
            /** Action */
            action: string;
            /**
             * Outcome
             * @default ok
             */
            outcome: string;
            /** Detail */
            detail?: {
                [key: string]: unknown;
            };
            /** Client Address */
            client_address?: string | null;
            /** Request Id */
            request_id?: string | null;
        };
        /**
         * AuditPage
         * @description A page of the audit trail, newest first.
         */
        AuditPage: {
            /** Items */
            items: components["schemas"]["AuditEntry"][];
            /** Next Cursor */
            next_cursor?: string | null;
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
         * BulkPatch
         * @description What is changed of many files: tags added and removed, custom fields merged (null removes one).
         */
        BulkPatch: {
            /** Add Tags */
            add_tags?: string[];
            /** Remove Tags */
            remove_tags?: string[];
            /** Custom */
            custom?: {
                [key: string]: unknown;
            };
        };
        /**
         * BulkPatched
         * @description What became of one page: files that match, that were (or with `dry_run` would be) changed, that would have too much.
         */
        BulkPatched: {
            /**
             * Matched
             * @default 0
             */
            matched: number;
            /**
             * Changed
             * @default 0
             */
            changed: number;
            /**
             * Refused
             * @default 0
             */
            refused: number;
            /** Next Cursor */
            next_cursor?: string | null;
            /** Dry Run */
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
         * Document
         * @description Everything known of a file: the file, and what processing and ai found.
         *
         *     `description` is its owner's; `summary` is the sentence ai composed from what was found.
         */
        Document: {
            /** File Id */
            file_id: string;
            /** Filename */
            filename: string;
            /** Size */
            size: number;
            /** Content Type */
            content_type: string;
            /** Sha256 */
            sha256: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "scanning" | "uploaded" | "processing" | "processed" | "failed" | "quarantined";
            status_reason?: components["schemas"]["Reason"] | null;
            /**
             * Analysis
             * @enum {string}
             */
            analysis: "pending" | "done" | "unavailable" | "failed";
            analysis_reason?: components["schemas"]["Reason"] | null;
            /** Version */
            version: number;
            /** Owner Id */
            owner_id: string;
            /** Title */
            title?: string | null;
            /** Tags */
            tags?: string[];
            /** External Id */
            external_id?: string | null;
            /** Warnings */
            warnings?: components["schemas"]["FileWarning"][];
            /** Parent Id */
            parent_id?: string | null;
            /** Parent Path */
            parent_path?: string | null;
            hold?: components["schemas"]["LegalHold"] | null;
            /** Created At */
            created_at: string;
            /** Updated At */
            updated_at: string;
            /** Deleted At */
            deleted_at?: string | null;
            /** Links */
            links: {
                [key: string]: string;
            };
            /**
             * Revision
             * @default 0
             */
            revision: number;
            /** Description */
            description?: string | null;
            /** Summary */
            summary?: string | null;
            /** Properties */
            properties?: {
                [key: string]: unknown;
            };
            /** Custom */
            custom?: {
                [key: string]: unknown;
            };
            /** Renditions */
            renditions?: components["schemas"]["RenditionView"][];
            text?: components["schemas"]["TextView"] | null;
            /** Findings */
            findings?: components["schemas"]["Finding"][];
        };
        /**
         * DocumentPatch
         * @description A JSON merge patch (RFC 7396): a member that is null is removed, one that is absent stays.
         */
        DocumentPatch: {
            /** Title */
            title?: string | null;
            /** Description */
            description?: string | null;
            /** Tags */
            tags?: string[] | null;
            /** Custom */
            custom?: {
                [key: string]: unknown;
            } | null;
        };
        /**
         * DueFile
         * @description A file whose time is over, since when, and whether a legal hold keeps it.
         */
        DueFile: {
            /** File Id */
            file_id: string;
            /** Filename */
            filename: string;
            /** Size */
            size: number;
            /** Created At */
            created_at: string;
            /** Updated At */
            updated_at: string;
            /** Due Since */
            due_since: string;
            /** Held */
            held: boolean;
        };
        /**
         * FileWarning
         * @description What is odd about a file that was taken all the same: `polyglot`, `name-mismatch`.
         */
        FileWarning: {
            /** Code */
            code: string;
            /** Detail */
            detail: string;
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
         * Hit
         * @description A file that matched, why, and how well. `summary` is the sentence ai composed from what was found.
         *
         *     `needs_password`: a password protects its text or, in an archive, some of the files.
         */
        Hit: {
            /** File Id */
            file_id: string;
            /** Filename */
            filename: string;
            /** Size */
            size: number;
            /** Content Type */
            content_type: string;
            /** Sha256 */
            sha256: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "scanning" | "uploaded" | "processing" | "processed" | "failed" | "quarantined";
            status_reason?: components["schemas"]["Reason"] | null;
            /**
             * Analysis
             * @enum {string}
             */
            analysis: "pending" | "done" | "unavailable" | "failed";
            analysis_reason?: components["schemas"]["Reason"] | null;
            /** Version */
            version: number;
            /** Owner Id */
            owner_id: string;
            /** Title */
            title?: string | null;
            /** Tags */
            tags?: string[];
            /** External Id */
            external_id?: string | null;
            /** Warnings */
            warnings?: components["schemas"]["FileWarning"][];
            /** Parent Id */
            parent_id?: string | null;
            /** Parent Path */
            parent_path?: string | null;
            hold?: components["schemas"]["LegalHold"] | null;
            /** Created At */
            created_at: string;
            /** Updated At */
            updated_at: string;
            /** Deleted At */
            deleted_at?: string | null;
            /** Links */
            links: {
                [key: string]: string;
            };
            /** Summary */
            summary?: string | null;
            /**
             * Needs Password
             * @default false
             */
            needs_password: boolean;
            /** Score */
            score?: number | null;
            /** Highlights */
            highlights?: string[];
            /** Matched In */
            matched_in?: string[];
            /** Matched At */
            matched_at?: components["schemas"]["MatchedAt"][];
        };
        /**
         * LegalHold
         * @description Why a file may not be deleted, who said so, and since when.
         */
        LegalHold: {
            /** Reason */
            reason: string;
            /** Placed By */
            placed_by: string;
            /** Placed At */
            placed_at: string;
        };
        /**
         * MatchedAt
         * @description A place where a file matched: a `page` of its text, a custom field or capability by `name`, or the field as such.
         *
         *     `attachment`: the file is one, at the path `name` in its parent.
         */
        MatchedAt: {
            /** Field */
            field: string;
            /** Name */
            name?: string | null;
            /** Page */
            page?: number | null;
        };
        /**
         * NewRule
         * @description Files that match `query` go to the trash `after_days` days since they were created, or last updated.
         */
        NewRule: {
            /** Name */
            name: string;
            /** Query */
            query: string;
            /** After Days */
            after_days: number;
            /**
             * Since
             * @default created
             * @enum {string}
             */
            since: "created" | "updated";
            /**
             * Active
             * @default true
             */
            active: boolean;
        };
        /**
         * NewSearch
         * @description A search to be run again by its name; without `sort` and `mode` they are what they are for the query itself.
         */
        NewSearch: {
            /** Name */
            name: string;
            /** Query */
            query: string;
            /** Sort */
            sort?: ("newest" | "oldest" | "relevance" | "name" | "size") | null;
            /** Mode */
            mode?: ("words" | "hybrid") | null;
        };
        /**
         * OwnerAnalytics
         * @description What each owner has, those with most bytes first; `more`: there are more owners.
         */
        OwnerAnalytics: {
            /** Items */
            items: components["schemas"]["OwnerNumbers"][];
            /**
             * More
             * @default false
             */
            more: boolean;
        };
        /**
         * OwnerNumbers
         * @description What one owner has.
         */
        OwnerNumbers: {
            /** Owner Id */
            owner_id: string;
            /** Files */
            files: number;
            /** Bytes */
            bytes: number;
            /** Bytes Stored */
            bytes_stored: number;
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
         * RenditionView
         * @description A rendition and where to get it.
         */
        RenditionView: {
            /** Name */
            name: string;
            /** Content Type */
            content_type: string;
            /** Size */
            size: number;
            /** Width */
            width?: number | null;
            /** Height */
            height?: number | null;
            /** Url */
            url: string;
        };
        /**
         * Rule
         * @description A rule, `acts_from` when at the earliest, and what came of it last.
         */
        Rule: {
            /** Rule Id */
            rule_id: string;
            /** Owner Id */
            owner_id: string;
            /** Name */
            name: string;
            /** Query */
            query: string;
            /** After Days */
            after_days: number;
            /**
             * Since
             * @enum {string}
             */
            since: "created" | "updated";
            /** Active */
            active: boolean;
            /** Created At */
            created_at: string;
            /** Updated At */
            updated_at: string;
            /** Acts From */
            acts_from: string;
            last_run?: components["schemas"]["RuleRun"] | null;
        };
        /**
         * RuleDraft
         * @description A rule that is only tried out.
         */
        RuleDraft: {
            /** Query */
            query: string;
            /** After Days */
            after_days: number;
            /**
             * Since
             * @default created
             * @enum {string}
             */
            since: "created" | "updated";
        };
        /**
         * RuleList
         * @description The rules of an owner, by name.
         */
        RuleList: {
            /** Items */
            items: components["schemas"]["Rule"][];
        };
        /**
         * RulePatch
         * @description What is to be another; what is absent stays.
         */
        RulePatch: {
            /** Name */
            name?: string | null;
            /** Query */
            query?: string | null;
            /** After Days */
            after_days?: number | null;
            /** Since */
            since?: ("created" | "updated") | null;
            /** Active */
            active?: boolean | null;
        };
        /**
         * RulePreview
         * @description What a rule would delete now, the oldest first. `looked_at` files matched; `more`: there are more than were looked at.
         */
        RulePreview: {
            /** Items */
            items: components["schemas"]["DueFile"][];
            /** Looked At */
            looked_at: number;
            /** Due */
            due: number;
            /** Held */
            held: number;
            /** Bytes */
            bytes: number;
            /**
             * More
             * @default false
             */
            more: boolean;
        };
        /**
         * RuleRun
         * @description What came of the last time a rule was held against every file: how many matched, were due, held, asked to be deleted.
         */
        RuleRun: {
            /** At */
            at: string;
            /**
             * Looked At
             * @default 0
             */
            looked_at: number;
            /**
             * Due
             * @default 0
             */
            due: number;
            /**
             * Held
             * @default 0
             */
            held: number;
            /**
             * Asked
             * @default 0
             */
            asked: number;
        };
        /**
         * SavedSearch
         * @description A saved search.
         */
        SavedSearch: {
            /** Name */
            name: string;
            /** Query */
            query: string;
            /** Sort */
            sort?: ("newest" | "oldest" | "relevance" | "name" | "size") | null;
            /** Mode */
            mode?: ("words" | "hybrid") | null;
            /** Search Id */
            search_id: string;
            /** Created At */
            created_at: string;
        };
        /**
         * SavedSearches
         * @description The saved searches of an owner, by name.
         */
        SavedSearches: {
            /** Items */
            items: components["schemas"]["SavedSearch"][];
        };
        /**
         * SearchPage
         * @description A page of hits. `ranked_among`, `facets_among`: set when only the newest so many matches were put in order, or counted.
         *
         *     `corrected`: words that no file has, and the words of names and titles that were taken for them; `did_you_mean`: those that
         *     would have been, where little was found. `not_indexed`: so many files (of everybody) the index does not have yet.
         */
        SearchPage: {
            /** Items */
            items: components["schemas"]["Hit"][];
            /** Next Cursor */
            next_cursor?: string | null;
            /** Facets */
            facets?: {
                [key: string]: {
                    [key: string]: number;
                };
            };
            /** Ranked Among */
            ranked_among?: number | null;
            /** Facets Among */
            facets_among?: number | null;
            /** Corrected */
            corrected?: {
                [key: string]: string;
            };
            /** Did You Mean */
            did_you_mean?: {
                [key: string]: string;
            };
            /**
             * Not Indexed
             * @default 0
             */
            not_indexed: number;
            semantic?: components["schemas"]["Semantic"] | null;
        };
        /**
         * Semantic
         * @description How a hybrid search looked for meaning. `used` False: it was by words alone, and `reason` says why.
         *
         *     `compared`: documents whose vectors were; `bounded`: there were more. `of_other_models`: documents left out, since their
         *     vectors are of another model.
         */
        Semantic: {
            /** Used */
            used: boolean;
            /** Method */
            method?: string | null;
            /** Model */
            model?: string | null;
            /**
             * Compared
             * @default 0
             */
            compared: number;
            /**
             * Bounded
             * @default false
             */
            bounded: boolean;
            /**
             * Of Other Models
             * @default 0
             */
            of_other_models: number;
            /** Reason */
            reason?: string | null;
        };
        /**
         * SimilarHit
         * @description A file like another; `similarity` is 0 to 1, of its method.
         */
        SimilarHit: {
            /** File Id */
            file_id: string;
            /** Filename */
            filename: string;
            /** Size */
            size: number;
            /** Content Type */
            content_type: string;
            /** Sha256 */
            sha256: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "scanning" | "uploaded" | "processing" | "processed" | "failed" | "quarantined";
            status_reason?: components["schemas"]["Reason"] | null;
            /**
             * Analysis
             * @enum {string}
             */
            analysis: "pending" | "done" | "unavailable" | "failed";
            analysis_reason?: components["schemas"]["Reason"] | null;
            /** Version */
            version: number;
            /** Owner Id */
            owner_id: string;
            /** Title */
            title?: string | null;
            /** Tags */
            tags?: string[];
            /** External Id */
            external_id?: string | null;
            /** Warnings */
            warnings?: components["schemas"]["FileWarning"][];
            /** Parent Id */
            parent_id?: string | null;
            /** Parent Path */
            parent_path?: string | null;
            hold?: components["schemas"]["LegalHold"] | null;
            /** Created At */
            created_at: string;
            /** Updated At */
            updated_at: string;
            /** Deleted At */
            deleted_at?: string | null;
            /** Links */
            links: {
                [key: string]: string;
            };
            /** Summary */
            summary?: string | null;
            /**
             * Needs Password
             * @default false
             */
            needs_password: boolean;
            /** Score */
            score?: number | null;
            /** Highlights */
            highlights?: string[];
            /** Matched In */
            matched_in?: string[];
            /** Matched At */
            matched_at?: components["schemas"]["MatchedAt"][];
            /** Similarity */
            similarity: number;
        };
        /**
         * SimilarPage
         * @description Files like a file, the most alike first, with how it was told and among how many; `bounded`: there were more.
         *
         *     `picture-hash`: equal bits of perceptual hashes; `vectors`: cosine of texts' vectors, of one model; `words`: of weights.
         */
        SimilarPage: {
            /** Items */
            items: components["schemas"]["SimilarHit"][];
            /**
             * Method
             * @enum {string}
             */
            method: "picture-hash" | "vectors" | "words";
            /** Compared */
            compared: number;
            /**
             * Bounded
             * @default false
             */
            bounded: boolean;
            /** Model */
            model?: string | null;
        };
        /**
         * TagMerge
         * @description Files with any of the tags `from` get `into` instead.
         */
        TagMerge: {
            /** From */
            from: string[];
            /** Into */
            into: string;
        };
        /**
         * TextView
         * @description Whether text was found, and how much of it; the text itself is at `links.text`.
         */
        TextView: {
            /**
             * State
             * @enum {string}
             */
            state: "found" | "empty" | "needs-password" | "unsupported";
            reason?: components["schemas"]["Reason"] | null;
            /**
             * Characters
             * @default 0
             */
            characters: number;
            /**
             * Pages
             * @default 0
             */
            pages: number;
        };
        /**
         * Timeline
         * @description The story of a file in order, and `why` it is where it is, in words.
         */
        Timeline: {
            /** File Id */
            file_id: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "scanning" | "uploaded" | "processing" | "processed" | "failed" | "quarantined";
            /**
             * Analysis
             * @enum {string}
             */
            analysis: "pending" | "done" | "unavailable" | "failed";
            /** Why */
            why: string;
            /** Items */
            items: components["schemas"]["TimelineEntry"][];
        };
        /**
         * TimelineEntry
         * @description One hop, wait, try or step, with the service that did it.
         */
        TimelineEntry: {
            /** At */
            at: string;
            /** Service */
            service: string;
            /** Step */
            step: string;
            /** State */
            state: string;
            /** Attempt */
            attempt?: number | null;
            /** Duration Ms */
            duration_ms?: number | null;
            reason?: components["schemas"]["Reason"] | null;
            /** Detail */
            detail?: {
                [key: string]: unknown;
            };
            /** Request Id */
            request_id?: string | null;
            /** Trace Id */
            trace_id?: string | null;
        };
        /**
         * Times
         * @description How many, and how long in milliseconds, within five percent; null where there was none.
         */
        Times: {
            /**
             * Count
             * @default 0
             */
            count: number;
            /** P50 */
            p50?: number | null;
            /** P95 */
            p95?: number | null;
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
    find_files_get: {
        parameters: {
            query?: {
                /** @description Files that came out of this one. */
                parent?: string | null;
                /** @description By relevance when there are words, else newest first. */
                sort?: ("newest" | "oldest" | "relevance" | "name" | "size") | null;
                /** @description Items on a page. */
                limit?: number;
                /** @description `hybrid`: by words and by meaning. */
                mode?: ("words" | "hybrid") | null;
                /** @description `next_cursor` of the page before. */
                cursor?: string | null;
                /** @description A saved search, by its name; the rest narrows it. */
                saved?: string | null;
                /** @description Words, "phrases", prefix*, -not, this OR that; type:pdf tag:x status:x owner:me created:>2026-01 size:>1MB. */
                q?: string;
                /** @description image, pdf, table, or a media type. */
                type?: string | null;
                tag?: string | null;
                status?: string | null;
                /** @description `me` or your own id. */
                owner?: string | null;
                created_after?: string | null;
                created_before?: string | null;
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
                    "application/json": components["schemas"]["SearchPage"];
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
    change_files_patch: {
        parameters: {
            query?: {
                /** @description Only count. */
                dry_run?: boolean;
                /** @description `next_cursor` of the page before. */
                cursor?: string | null;
                /** @description Words, "phrases", prefix*, -not, this OR that; type:pdf tag:x status:x owner:me created:>2026-01 size:>1MB. */
                q?: string;
                /** @description image, pdf, table, or a media type. */
                type?: string | null;
                tag?: string | null;
                status?: string | null;
                /** @description `me` or your own id. */
                owner?: string | null;
                created_after?: string | null;
                created_before?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkPatch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkPatched"];
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
    similar_files__file_id__similar_get: {
        parameters: {
            query?: {
                limit?: number;
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
                    "application/json": components["schemas"]["SimilarPage"];
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
    export_export_get: {
        parameters: {
            query?: {
                /** @description A saved search, by its name; the rest narrows it. */
                saved?: string | null;
                /** @description A table, or a line of JSON a file. */
                format?: "csv" | "jsonl";
                /** @description Words, "phrases", prefix*, -not, this OR that; type:pdf tag:x status:x owner:me created:>2026-01 size:>1MB. */
                q?: string;
                /** @description image, pdf, table, or a media type. */
                type?: string | null;
                tag?: string | null;
                status?: string | null;
                /** @description `me` or your own id. */
                owner?: string | null;
                created_after?: string | null;
                created_before?: string | null;
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
                    "text/csv": unknown;
                    "application/x-ndjson": unknown;
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
    list_searches_get: {
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
                    "application/json": components["schemas"]["SavedSearches"];
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
    add_searches_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSearch"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedSearch"];
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
    remove_searches__search_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                search_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    merge_tags_merge_post: {
        parameters: {
            query?: {
                /** @description Only count. */
                dry_run?: boolean;
                /** @description `next_cursor` of the page before. */
                cursor?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TagMerge"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BulkPatched"];
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
    list_rules_get: {
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
                    "application/json": components["schemas"]["RuleList"];
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
    add_rules_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRule"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rule"];
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
    try_out_rules_preview_post: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RuleDraft"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RulePreview"];
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
    get_rules__rule_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                rule_id: string;
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
                    "application/json": components["schemas"]["Rule"];
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
    remove_rules__rule_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                rule_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
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
    patch_rules__rule_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                rule_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RulePatch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rule"];
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
    preview_rules__rule_id__preview_get: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                rule_id: string;
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
                    "application/json": components["schemas"]["RulePreview"];
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
    audit_rules__rule_id__audit_get: {
        parameters: {
            query?: {
                /** @description Items on a page. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                rule_id: string;
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
                    "application/json": components["schemas"]["AuditPage"];
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
    analytics_analytics_get: {
        parameters: {
            query?: {
                /** @description 30 days ago when absent. */
                from?: string | null;
                /** @description Now when absent. */
                to?: string | null;
                format?: "json" | "csv";
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
                    "application/json": components["schemas"]["Analytics"];
                    "text/csv": unknown;
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
    owners_analytics_owners_get: {
        parameters: {
            query?: {
                /** @description 30 days ago when absent. */
                from?: string | null;
                /** @description Now when absent. */
                to?: string | null;
                format?: "json" | "csv";
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
                    "application/json": components["schemas"]["OwnerAnalytics"];
                    "text/csv": unknown;
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
    get_files__file_id__get: {
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
                    "application/json": components["schemas"]["Document"];
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
    patch_files__file_id__patch: {
        parameters: {
            query?: never;
            header?: {
                "if-match"?: string | null;
            };
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DocumentPatch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Document"];
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
    text_files__file_id__text_get: {
        parameters: {
            query?: {
                format?: "plain" | "json" | "markdown";
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
    audit_files__file_id__audit_get: {
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
                    "application/json": components["schemas"]["AuditPage"];
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
    timeline_files__file_id__timeline_get: {
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
                    "application/json": components["schemas"]["Timeline"];
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
    of_request_requests__request_id__file_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                request_id: string;
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
