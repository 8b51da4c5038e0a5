/** The shapes that the console uses, by the names it calls them; all of them come from the services' OpenAPI. */
import type { components as Access } from "./types/access";
import type { components as Ai } from "./types/ai";
import type { components as Metadata } from "./types/metadata";
import type { components as Notification } from "./types/notification";
import type { components as Processing } from "./types/processing";
import type { components as Upload } from "./types/upload";

/** An answer has every field; OpenAPI only says which ones a request must have. */
type Whole<T> = T extends (infer Item)[]
  ? Whole<Item>[]
  : T extends object
    ? { [Name in keyof T]-?: Whole<T[Name]> }
    : T;

export type Who = Whole<Access["schemas"]["Session"]>;
export type Logins = Whole<Access["schemas"]["Logins"]>;
export type Keys = Whole<Access["schemas"]["Keys"]>;
export type NewKey = Access["schemas"]["NewKey"];
export type CreatedKey = Whole<Access["schemas"]["CreatedKey"]>;
export type Health = Whole<Access["schemas"]["Health"]>;
export type Breaker = Whole<Access["schemas"]["BreakerHealth"]>;
export type WholeHealth = Whole<Access["schemas"]["WholeHealth"]>;
export type ParkedPage = Whole<Access["schemas"]["ParkedPage"]>;

export type Hit = Whole<Metadata["schemas"]["Hit"]>;
export type SearchPage = Whole<Metadata["schemas"]["SearchPage"]>;
export type Document = Whole<Metadata["schemas"]["Document"]>;
export type Finding = Whole<Metadata["schemas"]["Finding"]>;
export type Reason = Whole<Metadata["schemas"]["Reason"]>;
export type Timeline = Whole<Metadata["schemas"]["Timeline"]>;
export type TimelineEntry = Whole<Metadata["schemas"]["TimelineEntry"]>;
export type AuditPage = Whole<Metadata["schemas"]["AuditPage"]>;
export type Analytics = Whole<Metadata["schemas"]["Analytics"]>;
export type SavedSearches = Whole<Metadata["schemas"]["SavedSearches"]>;
export type BulkPatched = Whole<Metadata["schemas"]["BulkPatched"]>;

export type Stats = Whole<Upload["schemas"]["Stats"]>;
export type Limits = Whole<Upload["schemas"]["Limits"]>;
export type VersionPage = Whole<Upload["schemas"]["VersionPage"]>;
export type SharePage = Whole<Upload["schemas"]["SharePage"]>;
export type CreatedShare = Whole<Upload["schemas"]["CreatedShare"]>;
export type SignedUrl = Whole<Upload["schemas"]["SignedUrl"]>;

export type Job = Whole<Processing["schemas"]["Job"]>;
export type JobPage = Whole<Processing["schemas"]["JobPage"]>;
export type JobGroups = Whole<Processing["schemas"]["JobGroups"]>;
export type JobGroup = Whole<Processing["schemas"]["JobGroup"]>;
export type JobLanes = Whole<Processing["schemas"]["JobLanes"]>;
export type BulkResult = Whole<Processing["schemas"]["BulkResult"]>;

export type Models = Whole<Ai["schemas"]["Models"]>;

export type Webhook = Whole<Notification["schemas"]["Webhook"]>;
export type WebhookPage = Whole<Notification["schemas"]["WebhookPage"]>;
export type WebhookWithSecret = Whole<Notification["schemas"]["WebhookWithSecret"]>;
export type Delivery = Whole<Notification["schemas"]["WebhookDelivery"]>;
export type DeliveryPage = Whole<Notification["schemas"]["WebhookDeliveryPage"]>;

/** `GET /api/notifications/snapshot`, whose OpenAPI has no schema yet. */
export interface Snapshot {
  queues: { queue: string; waiting: number; leased: number; parked: number; oldest_s: number }[];
  events_last_minute: Record<string, number>;
  open_streams: number;
}
