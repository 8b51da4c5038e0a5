// Made from docs/openapi by `npm run types`; do not edit.
export interface paths {
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens to your files, live (server-sent events)
         * @description `data` is the CloudEvent. Resumes after `Last-Event-ID`; without it the stream begins now.
         *
         *     A browser cannot send that header with its first request: there `last_event_id` says it. The header, which the browser
         *     sends when it comes back, is newer and wins. After `now` the first message is `begun`: its id is the place.
         *
         *     `types` are names (`file.processed`, `webhook.disabled`) or all of a kind (`file.*`).
         */
        get: operations["events_events_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/snapshot": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Queues and rates, now
         * @description Depth and age of every queue, events of the last minute by type, open streams.
         */
        get: operations["snapshot_snapshot_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Your webhooks, newest first
         * @description A page of the caller's webhooks.
         */
        get: operations["list_webhooks_get"];
        put?: never;
        /**
         * Be told of events by HTTP
         * @description The answer shows the secret, once.
         */
        post: operations["make_webhooks_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One webhook
         * @description One of the caller's webhooks.
         */
        get: operations["find_webhooks__webhook_id__get"];
        put?: never;
        post?: never;
        /**
         * Delete a webhook
         * @description With all about its deliveries.
         */
        delete: operations["remove_webhooks__webhook_id__delete"];
        options?: never;
        head?: never;
        /**
         * Change a webhook, or switch it on or off
         * @description What is absent stays.
         */
        patch: operations["change_webhooks__webhook_id__patch"];
        trace?: never;
    };
    "/webhooks/{webhook_id}/rotate-secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A new secret; the old one signs beside it for a while
         * @description The answer shows the new secret, once.
         */
        post: operations["rotate_webhooks__webhook_id__rotate_secret_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a test now; what came of it
         * @description One try, also of a webhook that is switched off; answers when it is over, after 15 seconds at most.
         */
        post: operations["test_webhooks__webhook_id__test_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was sent, newest first
         * @description A page of what this webhook was, or will be, sent.
         */
        get: operations["deliveries_webhooks__webhook_id__deliveries_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send again what failed since a moment
         * @description At most 10,000 at once.
         */
        post: operations["replay_failed_webhooks__webhook_id__replay_post"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deliveries/{delivery_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One delivery
         * @description One delivery of a webhook of the caller's.
         */
        get: operations["delivery_deliveries__delivery_id__get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/deliveries/{delivery_id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send one again
         * @description With fresh tries, under the same `webhook-id`; one that waits for its next try is sent now.
         */
        post: operations["replay_deliveries__delivery_id__replay_post"];
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
         * NewWebhook
         * @description Where to, and what: types by name (`file.processed`), or `file.*` for all of a kind.
         */
        NewWebhook: {
            /** Url */
            url: string;
            /**
             * Event Types
             * @default [
             *       "file.*"
             *     ]
             */
            event_types: string[];
            /**
             * Description
             * @default
             */
            description: string;
            /**
             * Enabled
             * @default true
             */
            enabled: boolean;
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
         * ReplayFailed
         * @description Which to send again: what failed at or after this moment.
         */
        ReplayFailed: {
            /**
             * Failed Since
             * Format: date-time
             */
            failed_since: string;
        };
        /**
         * Replayed
         * @description How many were queued again; `more`: there are others, ask once more.
         */
        Replayed: {
            /** Replayed */
            replayed: number;
            /** More */
            more: boolean;
        };
        /**
         * RotateSecret
         * @description For how long the secret so far signs beside the new one, so that a receiver can be changed without a gap.
         */
        RotateSecret: {
            /**
             * Overlap S
             * @default 86400
             */
            overlap_s: number;
        };
        /**
         * Webhook
         * @description A webhook. `disabled_reason` says why we stopped calling it; `old_secret_until`: until then two secrets sign.
         */
        Webhook: {
            /** Webhook Id */
            webhook_id: string;
            /** Url */
            url: string;
            /** Event Types */
            event_types: string[];
            /** Description */
            description: string;
            /** Enabled */
            enabled: boolean;
            disabled_reason?: components["schemas"]["Reason"] | null;
            /**
             * Failures
             * @description Tries that failed since the last that went well.
             */
            failures: number;
            /** Last Success At */
            last_success_at?: string | null;
            /** Old Secret Until */
            old_secret_until?: string | null;
            /** Created At */
            created_at: string;
            /** Updated At */
            updated_at: string;
        };
        /**
         * WebhookDelivery
         * @description One event on its way to one webhook. `status_code` to `error` are of the newest try.
         *
         *     `event_id` is the `webhook-id` of every try, replays too: a receiver that has seen it has seen this body.
         */
        WebhookDelivery: {
            /** Delivery Id */
            delivery_id: string;
            /** Webhook Id */
            webhook_id: string;
            /** Event Id */
            event_id: string;
            /** Type */
            type: string;
            /** File Id */
            file_id?: string | null;
            /**
             * Cause
             * @enum {string}
             */
            cause: "event" | "test" | "replay";
            /**
             * State
             * @enum {string}
             */
            state: "queued" | "running" | "done" | "failed";
            /** Attempts */
            attempts: number;
            /** Status Code */
            status_code?: number | null;
            /** Duration Ms */
            duration_ms?: number | null;
            /**
             * Answer
             * @description The first bytes of what was answered.
             */
            answer?: string | null;
            /** Error */
            error?: string | null;
            /** Next Try At */
            next_try_at?: string | null;
            /** Created At */
            created_at: string;
            /** Finished At */
            finished_at?: string | null;
        };
        /**
         * WebhookDeliveryPage
         * @description A page of deliveries, newest first.
         */
        WebhookDeliveryPage: {
            /** Items */
            items: components["schemas"]["WebhookDelivery"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * WebhookPage
         * @description A page of webhooks, newest first.
         */
        WebhookPage: {
            /** Items */
            items: components["schemas"]["Webhook"][];
            /** Next Cursor */
            next_cursor?: string | null;
        };
        /**
         * WebhookPatch
         * @description What is to be different; what is absent stays. `enabled: true` also forgives what went wrong before.
         */
        WebhookPatch: {
            /** Url */
            url?: string | null;
            /** Event Types */
            event_types?: string[] | null;
            /** Description */
            description?: string | null;
            /** Enabled */
            enabled?: boolean | null;
        };
        /**
         * WebhookWithSecret
         * @description A webhook with the secret it signs with from now on. The secret is shown this once.
         */
        WebhookWithSecret: {
            /** Webhook Id */
            webhook_id: string;
            /** Url */
            url: string;
            /** Event Types */
            event_types: string[];
            /** Description */
            description: string;
            /** Enabled */
            enabled: boolean;
            disabled_reason?: components["schemas"]["Reason"] | null;
            /**
             * Failures
             * @description Tries that failed since the last that went well.
             */
            failures: number;
            /** Last Success At */
            last_success_at?: string | null;
            /** Old Secret Until */
            old_secret_until?: string | null;
            /** Created At */
            created_at: string;
            /** Updated At */
            updated_at: string;
            /** Secret */
            secret: string;
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
    events_events_get: {
        parameters: {
            query?: {
                /** @description Only these, separated by commas. */
                types?: string | null;
                /** @description Instead of the header; or `now`. */
                last_event_id?: string;
            };
            header?: {
                "last-event-id"?: string | null;
            };
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
                    "text/event-stream": unknown;
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
    snapshot_snapshot_get: {
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
    list_webhooks_get: {
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
                    "application/json": components["schemas"]["WebhookPage"];
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
    make_webhooks_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewWebhook"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
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
    find_webhooks__webhook_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
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
                    "application/json": components["schemas"]["Webhook"];
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
    remove_webhooks__webhook_id__delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
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
    change_webhooks__webhook_id__patch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WebhookPatch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Webhook"];
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
    rotate_webhooks__webhook_id__rotate_secret_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["RotateSecret"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookWithSecret"];
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
    test_webhooks__webhook_id__test_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
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
                    "application/json": components["schemas"]["WebhookDelivery"];
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
    deliveries_webhooks__webhook_id__deliveries_get: {
        parameters: {
            query?: {
                /** @description Only those in this state. */
                state?: ("queued" | "running" | "done" | "failed") | null;
                /** @description Items on a page. */
                limit?: number;
                /** @description `next_cursor` of the page before. */
                cursor?: string | null;
            };
            header?: never;
            path: {
                webhook_id: string;
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
                    "application/json": components["schemas"]["WebhookDeliveryPage"];
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
    replay_failed_webhooks__webhook_id__replay_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReplayFailed"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Replayed"];
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
    delivery_deliveries__delivery_id__get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                delivery_id: string;
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
                    "application/json": components["schemas"]["WebhookDelivery"];
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
    replay_deliveries__delivery_id__replay_post: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                delivery_id: string;
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
                    "application/json": components["schemas"]["WebhookDelivery"];
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
