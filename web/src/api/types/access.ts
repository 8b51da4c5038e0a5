// Made from docs/openapi by `npm run types`; do not edit.
export interface paths {
    "/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who is calling
         * @description With `FILEMILL_AUTH=none` everybody on this machine is the local user. A session is told its CSRF token.
         */
        get: operations["session_session_get"];
        put?: never;
        /**
         * Exchange a key, or an issuer's code, for a session: its id comes as a cookie
         * @description With the key as `Authorization: Bearer fm_…` or in the body; or with the `code` and `state` that an issuer gave to a
         *     page of yours, in the browser that began at `/session/login`. The cookie is `HttpOnly`, `SameSite=Lax` and, but on plain
         *     HTTP of this machine, `Secure`; the answer tells the CSRF token. An old session of the browser ends.
         */
        post: operations["log_in_session_post"];
        /**
         * End this session
         * @description Other sessions and the key stay. Nothing happens where there is no session.
         */
        delete: operations["log_out_session_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where you are logged in
         * @description The hundred newest that are not over.
         */
        get: operations["list_logins_logins_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logins/{login_id}": {
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
         * End a session elsewhere
         * @description It ends within a second.
         */
        delete: operations["end_login_logins__login_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * API keys, newest first
         * @description An owner sees their own; an admin sees all. Revoked and expired ones stay in the list.
         */
        get: operations["list_keys_keys_get"];
        put?: never;
        /**
         * Make an API key
         * @description For admins: who can make keys outlives the revocation of one. The first comes from `filemill keys create`.
         */
        post: operations["new_key_keys_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/{key_id}": {
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
         * Revoke an API key, everywhere within a second
         * @description Your own, or as an admin any. What was logged in with it ends, too.
         */
        delete: operations["revoke_key_keys__key_id__delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * For the edge: who is this
         * @description 204, with the identity in a header if credentials were shown; 401 if they are not good. `X-Original-Method` says
         *     what they are to be used for: a session's CSRF token is asked for where something changes.
         */
        get: operations["verify_verify_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/identity-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * For services: by which keys the word of access is known
         * @description A JWK Set (RFC 7517). Empty where nobody is asked for credentials.
         */
        get: operations["identity_keys_identity_keys_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/upload-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a browser send files for you, for a short while
         * @description For the server of an app, which hands the token to one of its pages.
         *
         *     It cannot be taken back, so give it the time that an upload takes to begin, not more: one that has begun goes on with
         *     the next token.
         */
        post: operations["new_upload_token_upload_tokens_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Log in at the issuer's page
         * @description OpenID Connect, authorization code with PKCE. `to`: the path of ours where the browser goes when it is back.
         */
        get: operations["begin_session_login_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/session/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Where the issuer sends the browser back to
         * @description A session, whose id comes as a cookie, and back to where the login began. It works once.
         */
        get: operations["end_session_callback_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health-sum": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * For the edge: the health of every service
         * @description 200 while any service does its job, 503 when none does.
         */
        get: operations["health_health_sum_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/erasures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Erasures, newest first
         * @description Those that are done, too: they name nobody.
         */
        get: operations["list_erasures_get"];
        put?: never;
        /**
         * Erase an owner with everything that is kept of them, in every service
         * @description At once no key and no session of theirs works, and none can be made until it is done. `Location` says how far it is.
         *
         *     Asked again it is the same. Files under a legal hold are not erased: they are named, and the erasure waits for them.
         *     The name comes in the body, since paths are logged.
         */
        post: operations["erase_erasures_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/erasures/{erasure_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How far an erasure is: the receipt
         * @description Per service what it removed and whether it has confirmed; which files a legal hold keeps; what remains by design.
         */
        get: operations["get_erasures__erasure_id__get"];
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
         * CreatedKey
         * @description The key, this once: only its hash is kept.
         */
        CreatedKey: {
            /** Key Id */
            key_id: string;
            /** Name */
            name: string;
            /** Owner Id */
            owner_id: string;
            /**
             * Shown
             * @description Its first characters, to recognise it by.
             */
            shown: string;
            /** Scopes */
            scopes: string[];
            /** Created At */
            created_at: string;
            /** Expires At */
            expires_at: string | null;
            /**
             * Last Used At
             * @description To the minute.
             */
            last_used_at: string | null;
            /** Revoked At */
            revoked_at: string | null;
            /** Key */
            key: string;
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
         * IdentityKeys
         * @description The public keys by which services believe identity tokens (a JWK Set, RFC 7517).
         */
        IdentityKeys: {
            /** Keys */
            keys: {
                [key: string]: string;
            }[];
        };
        /**
         * Key
         * @description A key as it is shown: never the key itself.
         */
        Key: {
            /** Key Id */
            key_id: string;
            /** Name */
            name: string;
            /** Owner Id */
            owner_id: string;
            /**
             * Shown
             * @description Its first characters, to recognise it by.
             */
            shown: string;
            /** Scopes */
            scopes: string[];
            /** Created At */
            created_at: string;
            /** Expires At */
            expires_at: string | null;
            /**
             * Last Used At
             * @description To the minute.
             */
            last_used_at: string | null;
            /** Revoked At */
            revoked_at: string | null;
        };
        /**
         * Keys
         * @description Newest first.
         */
        Keys: {
            /** Items */
            items: components["schemas"]["Key"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * Login
         * @description A session of somebody's browser; `current` is the one that asks.
         */
        Login: {
            /** Login Id */
            login_id: string;
            /** Created At */
            created_at: string;
            /**
             * Ends At
             * @description When it ends at the latest; unused for an hour it ends before.
             */
            ends_at: string;
            /** Address */
            address: string | null;
            /** Agent */
            agent: string | null;
            /** Current */
            current: boolean;
        };
        /**
         * Logins
         * @description Newest first.
         */
        Logins: {
            /** Items */
            items: components["schemas"]["Login"][];
        };
        /**
         * NewKey
         * @description A key to be made.
         */
        NewKey: {
            /**
             * Name
             * @description For people: what it is used for.
             * @default
             */
            name: string;
            /**
             * Owner Id
             * @description Whose files it opens; unset: the caller's. Else for admins.
             */
            owner_id?: string | null;
            /**
             * Scopes
             * @default [
             *       "files:read",
             *       "files:write",
             *       "files:delete"
             *     ]
             */
            scopes: ("files:read" | "files:write" | "files:delete" | "admin")[];
            /**
             * Expires In S
             * @description Unset: it works until revoked.
             */
            expires_in_s?: number | null;
        };
        /**
         * NewOwnerErasure
         * @description Whom to erase: the name as `GET /keys` or the issuer says it.
         */
        NewOwnerErasure: {
            /** Owner Id */
            owner_id: string;
        };
        /**
         * NewSession
         * @description Log in with a key, which may also come as `Authorization: Bearer`, or with the code that an issuer gave.
         */
        NewSession: {
            /** Key */
            key?: string | null;
            /**
             * Code
             * @description Of the login that this browser has begun.
             */
            code?: string | null;
            /**
             * State
             * @description As the issuer gave it back with the code.
             * @default
             */
            state: string;
            /**
             * Iss
             * @description The issuer's own name, where it sends it.
             */
            iss?: string | null;
        };
        /**
         * NewUploadToken
         * @description What a browser is to be allowed. Sizes in bytes; types as their first bytes tell, patterns like `image/*`.
         */
        NewUploadToken: {
            /**
             * Files
             * @description How many files it may make in all.
             * @default 1
             */
            files: number;
            /**
             * Max Bytes
             * @description Of each file; unset: as large as everybody's.
             */
            max_bytes?: number | null;
            /**
             * Types
             * @description Unset: every type that is taken here.
             * @default []
             */
            types: string[];
            /**
             * Expires In S
             * @default 900
             */
            expires_in_s: number;
        };
        /**
         * OwnerErasure
         * @description The receipt. `waiting`: files under a legal hold (`held`) are kept until it is released; then it goes on by itself.
         *
         *     `owner_id` is told until the erasure is done; then nobody remembers whose it was.
         */
        OwnerErasure: {
            /** Erasure Id */
            erasure_id: string;
            /** Owner Id */
            owner_id: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "running" | "waiting" | "done";
            /** Asked By */
            asked_by: string;
            /** Asked At */
            asked_at: string;
            /** Done At */
            done_at?: string | null;
            /** Held */
            held?: string[];
            /**
             * Held Count
             * @default 0
             */
            held_count: number;
            /** Services */
            services: {
                [key: string]: components["schemas"]["ServiceErasure"];
            };
            /** Remains */
            remains: components["schemas"]["Remains"][];
        };
        /**
         * OwnerErasures
         * @description A page of erasures, newest first.
         */
        OwnerErasures: {
            /** Items */
            items: components["schemas"]["OwnerErasure"][];
            /** Next Cursor */
            next_cursor?: string | null;
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
         * Remains
         * @description What an erasure leaves by design, and until when.
         */
        Remains: {
            /** What */
            what: string;
            /** Until */
            until: string;
        };
        /**
         * ServiceErasure
         * @description What one service says. `removed` counts what was erased beside the files' own purges, by table.
         */
        ServiceErasure: {
            /**
             * State
             * @enum {string}
             */
            state: "pending" | "waiting" | "files-gone" | "confirmed";
            /** Removed */
            removed?: {
                [key: string]: number;
            };
            /** At */
            at?: string | null;
        };
        /**
         * ServiceState
         * @description One service in the sum; of one that does not answer only the status. The rest but the version is shown where nobody is
         *     asked for credentials.
         */
        ServiceState: {
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "degraded" | "down";
            /** Version */
            version?: string | null;
            /** Dependencies */
            dependencies?: {
                [key: string]: components["schemas"]["DependencyHealth"];
            };
            /** Breakers */
            breakers?: components["schemas"]["BreakerHealth"][];
            /** Workers */
            workers?: number | null;
        };
        /**
         * Session
         * @description The caller. `auth` is how they were recognised; with `none` everybody on this machine is the local user.
         */
        Session: {
            /** Owner Id */
            owner_id: string;
            /**
             * Auth
             * @enum {string}
             */
            auth: "none" | "key" | "session" | "oidc" | "service";
            /** Is Admin */
            is_admin: boolean;
            /** Scopes */
            scopes: string[];
            /**
             * Csrf Token
             * @description Of a session: send it as `X-CSRF-Token` with every call that changes something.
             */
            csrf_token?: string | null;
            /**
             * Files Uploaded
             * @description Of a session: the files it has made.
             */
            files_uploaded?: number | null;
            /**
             * Created At
             * @description Of a session: when it began.
             */
            created_at?: string | null;
        };
        /**
         * UploadToken
         * @description A token for one browser: it sends files as `Authorization: Bearer …`, and can do nothing else. Shown once.
         */
        UploadToken: {
            /** Token */
            token: string;
            /** Token Id */
            token_id: string;
            /** Expires At */
            expires_at: string;
            /** Files */
            files: number;
            /** Max Bytes */
            max_bytes: number | null;
            /** Types */
            types: string[];
            /**
             * Links
             * @description Where it works: `files` (one request), `tus` (goes on after a break).
             */
            links: {
                [key: string]: string;
            };
        };
        /**
         * WholeHealth
         * @description The health of every service: `degraded` while some do their job, and only then 503 when none does.
         */
        WholeHealth: {
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "degraded" | "down";
            /** Service */
            service: string;
            /** Version */
            version: string;
            /** Services */
            services: {
                [key: string]: components["schemas"]["ServiceState"];
            };
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
    session_session_get: {
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
                    "application/json": components["schemas"]["Session"];
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
    log_in_session_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["NewSession"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
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
    log_out_session_delete: {
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
    list_logins_logins_get: {
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
                    "application/json": components["schemas"]["Logins"];
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
    end_login_logins__login_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                login_id: string;
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
    list_keys_keys_get: {
        parameters: {
            query?: {
                /** @description For admins: of whom; `*` is not needed, unset is all. */
                owner?: string | null;
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
                    "application/json": components["schemas"]["Keys"];
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
    new_key_keys_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKey"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedKey"];
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
    revoke_key_keys__key_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key_id: string;
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
    verify_verify_get: {
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
    identity_keys_identity_keys_get: {
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
                    "application/json": components["schemas"]["IdentityKeys"];
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
    new_upload_token_upload_tokens_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUploadToken"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadToken"];
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
    begin_session_login_get: {
        parameters: {
            query?: {
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To the page where it goes on. */
            303: {
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
    end_session_callback_get: {
        parameters: {
            query?: {
                state?: string;
                code?: string;
                error?: string;
                iss?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To the page where it goes on. */
            303: {
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
    health_health_sum_get: {
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
                    "application/json": components["schemas"]["WholeHealth"];
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
    list_erasures_get: {
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
                    "application/json": components["schemas"]["OwnerErasures"];
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
    erase_erasures_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewOwnerErasure"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnerErasure"];
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
    get_erasures__erasure_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                erasure_id: string;
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
                    "application/json": components["schemas"]["OwnerErasure"];
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
