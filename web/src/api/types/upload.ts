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
         * The caller's files, newest first
         * @description Newest first; `next_cursor` is null on the last page.
         */
        get: operations["list_files_files_get"];
        /**
         * Upload a file as a raw body
         * @description The raw body is the file; its name is `?filename=`.
         */
        put: operations["put_files_put"];
        /**
         * Upload a file as a form
         * @description Multipart form with the field `file`; optional `title`, `tags`, `metadata`, `external_id` before or after it.
         */
        post: operations["post__files_files_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/upload": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload a file as a form (the same call)
         * @description Multipart form with the field `file`; optional `title`, `tags`, `metadata`, `external_id` before or after it.
         */
        post: operations["post__upload_upload_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The bytes of a file
         * @description Supports `Range`, `If-Range`, `If-None-Match` and `HEAD`; the ETag is the SHA-256. `?version=`: an older one.
         */
        get: operations["content_files__file_id__content_get"];
        /**
         * Give a file new content: a new version
         * @description The raw body becomes the newest version; older ones stay readable. `?filename=` renames the file.
         *
         *     `If-Match` with the ETag of the content you know makes sure that nobody else was faster (412). While the store is
         *     away versions are refused (503), also where new files would be queued.
         */
        put: operations["put_version_files__file_id__content_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/children": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * A file that came out of this one
         * @description The raw body becomes a file that follows this one: to the trash, back, and away for good.
         *
         *     For processing, which unpacks mails and archives. A file with three ancestors gets no children
         *     (`nested-too-deep`). While the store is away it is refused (503), also where new files would be queued.
         */
        put: operations["put_child_files__file_id__children_put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tus/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin an upload, with its bytes or without
         * @description `Upload-Length` or `Upload-Defer-Length: 1`; `Upload-Metadata`; a body of the type tus says is the first bytes.
         */
        post: operations["create_tus__post"];
        delete?: never;
        /**
         * What this tus server can do
         * @description Versions, extensions, limits. The one call that needs no `Tus-Resumable`.
         */
        options: operations["options_tus__options"];
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tus/{upload_id}": {
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
         * End an upload; a file made of it stays
         * @description The bytes of an unfinished upload are deleted.
         */
        delete: operations["delete_tus__upload_id__delete"];
        options?: never;
        /**
         * How far an upload is
         * @description `Upload-Offset`: so many bytes are safe.
         */
        head: operations["head_tus__upload_id__head"];
        /**
         * Go on with an upload
         * @description The body goes behind the first `Upload-Offset` bytes.
         */
        patch: operations["patch_tus__upload_id__patch"];
        trace?: never;
    };
    "/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get addresses to which the parts of a file can be sent
         * @description Send each part with PUT to its `url`, exactly its `size` bytes, in any order, before `expires_at`.
         *
         *     A part may be sent again until the upload is completed.
         */
        post: operations["begin_uploads_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/uploads/{upload_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What became of a direct upload
         * @description `state`: `open`, `verifying`, `done` (with `file_id`), `failed` (with the reason).
         */
        get: operations["look_uploads__upload_id__get"];
        put?: never;
        post?: never;
        /**
         * End a direct upload; a file made of it stays
         * @description What was sent is deleted.
         */
        delete: operations["end_uploads__upload_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/uploads/{upload_id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * All parts are sent: check them and make the file
         * @description Size and SHA-256 are checked before the file exists. May be repeated: the same answer, one file.
         */
        post: operations["complete_uploads__upload_id__complete_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/uploads/{upload_id}/parts/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * A part, to a signed address: no credentials
         * @description The address is good for this part, its length, and its SHA-256 where one was announced.
         */
        put: operations["put_part_uploads__upload_id__parts__number__put"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/zip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The same, for a link
         * @description As many as fit into an address (about 800).
         */
        get: operations["get_files_zip_get"];
        put?: never;
        /**
         * Several files as a zip
         * @description Each file's newest content under its name; a name that comes again gets ` (2)`. 404 if one of them is not there.
         */
        post: operations["post_files_zip_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/signed-url": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A link that works without credentials
         * @description The link is bound to this file and version, for reading only, and cannot be taken back before it expires.
         */
        post: operations["sign_files__file_id__signed_url_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/signed/files/{file_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a signed link opens
         * @description The bytes, without credentials. On a remote store 307 to a link of the store that works for a minute.
         *
         *     A blob that the store keeps compressed is given by this service: never 307.
         */
        get: operations["signed_signed_files__file_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/shares": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The links to a file
         * @description Newest first; those that ended, too, for a while.
         */
        get: operations["list_files__file_id__shares_get"];
        put?: never;
        /**
         * Share a file by a link that can be taken back
         * @description The address is told this once. Whoever has it reads the file until it expires or is taken back.
         */
        post: operations["make_files__file_id__shares_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/shares/{share_id}": {
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
         * Take a link back
         * @description It opens nothing from then on, in any instance; a download that has begun goes on to its end.
         */
        delete: operations["revoke_files__file_id__shares__share_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/shared/{share_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What such a link opens
         * @description The bytes, with `Range`, `If-None-Match` and `HEAD` as for the content. 404 once the file is in the trash.
         */
        get: operations["open_shared__share_id__get"];
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
         * One file
         * @description What is known here; metadata knows more.
         */
        get: operations["get_file_files__file_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete a file
         * @description The file goes to the trash, from where `restore` brings it back. `?purge=true`: gone for good, everywhere.
         *
         *     423 `locked` names the legal hold that it is under.
         */
        delete: operations["trash_files__file_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Undo a delete
         * @description Bring a file back from the trash.
         */
        post: operations["restore_files__file_id__restore_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every content a file has had
         * @description Newest first. A file that waits in the spool has none yet.
         */
        get: operations["versions_files__file_id__versions_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/purges/{purge_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How far a purge is
         * @description Which services have confirmed, what they removed, and `done_at` once all have.
         */
        get: operations["get_purge_purges__purge_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The caller's files in numbers
         * @description Counts and bytes of what is not in the trash.
         */
        get: operations["stats_stats_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every limit in force
         * @description Sizes in bytes; `used_bytes` is what counts against the quota: every version, the trash included.
         */
        get: operations["limits_limits_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/files/{file_id}/hold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The hold a file is under
         * @description 404 if there is none.
         */
        get: operations["get_files__file_id__hold_get"];
        put?: never;
        /**
         * Place a legal hold: the file cannot be deleted
         * @description For owners and admins. Works in the trash, too. A second one for another reason is 409.
         */
        post: operations["place_files__file_id__hold_post"];
        /**
         * Release a legal hold
         * @description Only who placed it, or an admin. What was to go with its parent, and could not, goes now.
         */
        delete: operations["release_files__file_id__hold_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Files under a legal hold
         * @description By id, those in the trash too.
         */
        get: operations["list_holds_get"];
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
         * Confirmation
         * @description What one service says of a purge: `removed` counts what it erased, by table; `blobs` are stored bodies.
         */
        Confirmation: {
            /**
             * State
             * @enum {string}
             */
            state: "pending" | "confirmed";
            /** Removed */
            removed?: {
                [key: string]: number;
            };
            /** Confirmed At */
            confirmed_at?: string | null;
        };
        /**
         * CreatedShare
         * @description With its address, this once: only a hash of the secret in it is kept.
         */
        CreatedShare: {
            /** Share Id */
            share_id: string;
            /** File Id */
            file_id: string;
            /** Version */
            version: number | null;
            /** Note */
            note: string | null;
            /** Created By */
            created_by: string;
            /** Created At */
            created_at: string;
            /** Expires At */
            expires_at: string;
            /** Revoked At */
            revoked_at: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "expired" | "revoked";
            /** Opens */
            opens: number;
            /** Last Opened At */
            last_opened_at: string | null;
            /** Url */
            url: string;
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
         * DirectUpload
         * @description An upload that goes straight to the store. `parts` only in the answer that begins it.
         */
        DirectUpload: {
            /** Upload Id */
            upload_id: string;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "verifying" | "done" | "failed";
            reason?: components["schemas"]["Reason"] | null;
            /** Size */
            size: number;
            /** File Id */
            file_id?: string | null;
            /** Expires At */
            expires_at: string;
            /** Parts */
            parts?: components["schemas"]["UploadPart"][] | null;
            /** Links */
            links: {
                [key: string]: string;
            };
        };
        /**
         * File
         * @description A file as `GET /files/{file_id}` shows it. Metadata owns status, analysis, title and tags; this is a copy.
         *
         *     `parent_id` and `parent_path` say which file it came out of, and where in it that was. `hold`: it cannot be deleted.
         */
        File: {
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
        };
        /**
         * FilePage
         * @description A page of files, newest first.
         */
        FilePage: {
            /** Items */
            items: components["schemas"]["File"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * FileVersion
         * @description One content a file has had.
         */
        FileVersion: {
            /** Version */
            version: number;
            /** Filename */
            filename: string;
            /** Size */
            size: number;
            /** Content Type */
            content_type: string;
            /** Sha256 */
            sha256: string;
            /** Created At */
            created_at: string;
            /** Held */
            held?: ("scanning" | "quarantined") | null;
            /** Links */
            links: {
                [key: string]: string;
            };
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
         * HeldFile
         * @description A file under a legal hold, in the trash too (`deleted_at`).
         */
        HeldFile: {
            /** File Id */
            file_id: string;
            /** Owner Id */
            owner_id: string;
            /** Filename */
            filename: string;
            hold: components["schemas"]["LegalHold"];
            /** Deleted At */
            deleted_at?: string | null;
        };
        /**
         * HeldPage
         * @description A page of files under a legal hold, by id.
         */
        HeldPage: {
            /** Items */
            items: components["schemas"]["HeldFile"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * HoldRequest
         * @description A legal hold to be placed; the reason is what others are told who want to delete the file.
         */
        HoldRequest: {
            /** Reason */
            reason: string;
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
         * Limits
         * @description Every limit in force on uploads. Sizes in bytes.
         */
        Limits: {
            /** Max File Bytes */
            max_file_bytes: number;
            /** Max Filename Bytes */
            max_filename_bytes: number;
            /** Max Fields Bytes */
            max_fields_bytes: number;
            /** Max Tags */
            max_tags: number;
            /** Min Free Disk Bytes */
            min_free_disk_bytes: number;
            /** Refused Types */
            refused_types: string[];
            /** Allowed Types */
            allowed_types?: string[];
            /** Max Bytes By Type */
            max_bytes_by_type?: {
                [key: string]: number;
            };
            /** Idempotency Hours */
            idempotency_hours: number;
            /** Quota Bytes */
            quota_bytes?: number | null;
            /**
             * Used Bytes
             * @default 0
             */
            used_bytes: number;
            /**
             * Trash Days
             * @default 30
             */
            trash_days: number;
            /**
             * Max Zip Files
             * @default 1000
             */
            max_zip_files: number;
            /**
             * Max Zip Bytes
             * @default 0
             */
            max_zip_bytes: number;
            /** Uploads At Once */
            uploads_at_once?: number | null;
            /** Rate Per S */
            rate_per_s?: number | null;
            /** Rate Burst */
            rate_burst?: number | null;
        };
        /**
         * NewShare
         * @description A link to be made. `expires_in` seconds, 7 days if not said; the installation says how many at most.
         *
         *     `version`: only that one, whatever comes later; not given: the newest one at the time it is opened.
         */
        NewShare: {
            /**
             * Expires In
             * @default 604800
             */
            expires_in: number;
            /** Version */
            version?: number | null;
            /**
             * Note
             * @description For yourself: for whom it is.
             */
            note?: string | null;
        };
        /**
         * NewUpload
         * @description A file whose bytes will be sent in parts to the addresses in the answer. `content_type` is a hint: the bytes decide.
         *
         *     `part_size`: how the file is to be cut (at most 1,000 parts); ours otherwise. `part_sha256`: the hash of each part that
         *     comes of it, in order; each address then takes nothing but these bytes.
         */
        NewUpload: {
            /** Filename */
            filename: string;
            /** Size */
            size: number;
            /** Content Type */
            content_type?: string | null;
            /** Sha256 */
            sha256?: string | null;
            /** Part Size */
            part_size?: number | null;
            /** Part Sha256 */
            part_sha256?: string[] | null;
            /** Title */
            title?: string | null;
            /** Tags */
            tags?: string[];
            /** Metadata */
            metadata?: {
                [key: string]: unknown;
            };
            /** External Id */
            external_id?: string | null;
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
         * Purge
         * @description A purge: done when every service has confirmed that it keeps nothing of the file, nor of the files that came out of it.
         *
         *     `cause` `parent`: this file came out of one that was purged; `owner`: its owner is erased.
         */
        Purge: {
            /** Purge Id */
            purge_id: string;
            /** File Id */
            file_id: string;
            /**
             * Cause
             * @enum {string}
             */
            cause: "asked" | "trash" | "parent" | "owner";
            /** Asked At */
            asked_at: string;
            /** Done At */
            done_at?: string | null;
            /** Services */
            services: {
                [key: string]: components["schemas"]["Confirmation"];
            };
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
         * Share
         * @description A link to a file that can be taken back. `opens` counts answers with bytes, parts too, and may lag by a second.
         */
        Share: {
            /** Share Id */
            share_id: string;
            /** File Id */
            file_id: string;
            /** Version */
            version: number | null;
            /** Note */
            note: string | null;
            /** Created By */
            created_by: string;
            /** Created At */
            created_at: string;
            /** Expires At */
            expires_at: string;
            /** Revoked At */
            revoked_at: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "open" | "expired" | "revoked";
            /** Opens */
            opens: number;
            /** Last Opened At */
            last_opened_at: string | null;
        };
        /**
         * SharePage
         * @description A page of links to one file, newest first.
         */
        SharePage: {
            /** Items */
            items: components["schemas"]["Share"][];
            /** Next Cursor */
            next_cursor?: string | null;
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
         * SignedUrlRequest
         * @description `expires_in` seconds, at most 7 days; `version`: the newest if not given.
         */
        SignedUrlRequest: {
            /**
             * Expires In
             * @default 3600
             */
            expires_in: number;
            /** Version */
            version?: number | null;
        };
        /**
         * Stats
         * @description The caller's files in numbers. `bytes` is what was uploaded, `bytes_stored` what the store holds for it.
         */
        Stats: {
            /** Files */
            files: number;
            /** Bytes */
            bytes: number;
            /** Bytes Stored */
            bytes_stored: number;
            /** Uploads Today */
            uploads_today: number;
            /** By Type */
            by_type: {
                [key: string]: number;
            };
        };
        /**
         * UploadPart
         * @description A part: `size` bytes from `offset` on go to `url` with PUT and these `headers`, before the upload's `expires_at`.
         */
        UploadPart: {
            /** Number */
            number: number;
            /** Offset */
            offset: number;
            /** Size */
            size: number;
            /** Url */
            url: string;
            /** Headers */
            headers?: {
                [key: string]: string;
            };
        };
        /**
         * VersionPage
         * @description A page of versions, newest first.
         */
        VersionPage: {
            /** Items */
            items: components["schemas"]["FileVersion"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * ZipRequest
         * @description Files to be put into one zip; one named twice is in it once.
         */
        ZipRequest: {
            /** File Ids */
            file_ids: string[];
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
    list_files_files_get: {
        parameters: {
            query?: {
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
                    "application/json": components["schemas"]["FilePage"];
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
    put_files_put: {
        parameters: {
            query?: {
                filename?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "*/*": string;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            /** @description Kept safe, but not in the store, which is away: `queued` (FILEMILL_SPOOL_DIR). */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
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
    post__files_files_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: binary */
                    file: string;
                    title?: string;
                    /** @description Comma-separated, or a JSON list. */
                    tags?: string;
                    /** @description A JSON object. */
                    metadata?: string;
                    external_id?: string;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            /** @description Kept safe, but not in the store, which is away: `queued` (FILEMILL_SPOOL_DIR). */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
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
    post__upload_upload_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": {
                    /** Format: binary */
                    file: string;
                    title?: string;
                    /** @description Comma-separated, or a JSON list. */
                    tags?: string;
                    /** @description A JSON object. */
                    metadata?: string;
                    external_id?: string;
                };
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            /** @description Kept safe, but not in the store, which is away: `queued` (FILEMILL_SPOOL_DIR). */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
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
    content_files__file_id__content_get: {
        parameters: {
            query?: {
                version?: number | null;
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
                    "*/*": unknown;
                };
            };
            /** @description A range. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Modified */
            304: {
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
    put_version_files__file_id__content_put: {
        parameters: {
            query?: {
                filename?: string | null;
            };
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "*/*": string;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
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
    put_child_files__file_id__children_put: {
        parameters: {
            query: {
                /** @description Where in this file it was. */
                path: string;
                filename?: string | null;
            };
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "*/*": string;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
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
    create_tus__post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/offset+octet-stream": string;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
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
    options_tus__options: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
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
    delete_tus__upload_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
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
    head_tus__upload_id__head: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
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
    patch_tus__upload_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/offset+octet-stream": string;
            };
        };
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
    begin_uploads_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUpload"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DirectUpload"];
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
    look_uploads__upload_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
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
                    "application/json": components["schemas"]["DirectUpload"];
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
    end_uploads__upload_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
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
    complete_uploads__upload_id__complete_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["File"];
                };
            };
            /** @description `verifying`: the parts are being read. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DirectUpload"];
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
    put_part_uploads__upload_id__parts__number__put: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                upload_id: string;
                number: number;
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
    get_files_zip_get: {
        parameters: {
            query: {
                /** @description With commas. */
                ids: string;
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
                    "application/zip": unknown;
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
    post_files_zip_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ZipRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": unknown;
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
    sign_files__file_id__signed_url_post: {
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
                "application/json": components["schemas"]["SignedUrlRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
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
    signed_signed_files__file_id__get: {
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
                    "*/*": unknown;
                };
            };
            /** @description A range. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description To the store, for a minute. */
            307: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Expired, or changed. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
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
    list_files__file_id__shares_get: {
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
                    "application/json": components["schemas"]["SharePage"];
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
    make_files__file_id__shares_post: {
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
                "application/json": components["schemas"]["NewShare"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedShare"];
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
    revoke_files__file_id__shares__share_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                file_id: string;
                share_id: string;
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
    open_shared__share_id__get: {
        parameters: {
            query?: {
                secret?: string;
            };
            header?: never;
            path: {
                share_id: string;
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
                    "*/*": unknown;
                };
            };
            /** @description A range. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not Modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Expired, taken back, or no link of ours. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
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
    get_file_files__file_id__get: {
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
                    "application/json": components["schemas"]["File"];
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
    trash_files__file_id__delete: {
        parameters: {
            query?: {
                purge?: boolean;
            };
            header?: never;
            path: {
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description With `?purge=true`: under way; `Location` says how far it is. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Purge"];
                };
            };
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
    restore_files__file_id__restore_post: {
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
                    "application/json": components["schemas"]["File"];
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
    versions_files__file_id__versions_get: {
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
                    "application/json": components["schemas"]["VersionPage"];
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
    get_purge_purges__purge_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                purge_id: string;
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
                    "application/json": components["schemas"]["Purge"];
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
    stats_stats_get: {
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
                    "application/json": components["schemas"]["Stats"];
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
    limits_limits_get: {
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
                    "application/json": components["schemas"]["Limits"];
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
    get_files__file_id__hold_get: {
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
                    "application/json": components["schemas"]["LegalHold"];
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
    place_files__file_id__hold_post: {
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
                "application/json": components["schemas"]["HoldRequest"];
            };
        };
        responses: {
            /** @description It was held for this reason already. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LegalHold"];
                };
            };
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LegalHold"];
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
    release_files__file_id__hold_delete: {
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
    list_holds_get: {
        parameters: {
            query?: {
                /** @description Of every owner; for admins. */
                everyone?: boolean;
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
                    "application/json": components["schemas"]["HeldPage"];
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
