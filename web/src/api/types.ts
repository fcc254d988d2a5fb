// The hub's types under their own names. They come from its OpenAPI document: `make web` writes
// schema.d.ts, and a field that the hub does not have does not compile.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Alert = Schemas["Alert"];
export type AlertDetail = Schemas["AlertDetail"];
export type ApiKey = Schemas["ApiKey"];
export type ApiKeyCreated = Schemas["ApiKeyCreated"];
export type AuditRecord = Schemas["AuditRecord"];
export type AuditVerdict = Schemas["AuditVerdict"];
export type Channel = Schemas["Channel"];
export type ChannelDetail = Schemas["ChannelDetail"];
export type CommandCreate = Schemas["CommandCreate"];
export type CommandRecord = Schemas["CommandRecord"];
export type CommandResult = Schemas["CommandResult"];
export type ContainerChange = Schemas["ContainerChange"];
export type ContainerDetail = Schemas["ContainerDetail"];
export type ContainerProcess = Schemas["ContainerProcess"];
export type ContainerStats = Schemas["ContainerStats"];
export type Delivery = Schemas["Delivery"];
export type ErrorBody = Schemas["ErrorBody"];
export type Health = Schemas["Health"];
export type HistoryPage = Schemas["HistoryPage_HistoryRow_"];
export type HistoryRow = Schemas["HistoryRow"];
export type HubEvent = Schemas["Event"];
export type LogEntry = Schemas["LogEntry"];
export type Me = Schemas["Me"];
export type ProcessPage = Schemas["ProcessPage"];
export type Recording = Schemas["Recording"];
export type Replay = Schemas["Replay"];
export type ReplayRow = Schemas["ReplayRow"];
export type Role = Me["role"];
export type Run = Schemas["Run"];
export type RunPlan = Schemas["RunPlan"];
export type RunStarted = Schemas["RunStarted"];
export type Server = Schemas["Server"];
export type ServerContainer = Schemas["ServerContainer"];
export type ServerCreated = Schemas["ServerCreated"];
export type ServerDetail = Schemas["ServerDetail"];
export type ServerProcess = Schemas["ServerProcess"];
export type ServerSample = Schemas["ServerSample"];
export type Setting = Schemas["Setting"];
export type Share = Schemas["Share"];
export type Silence = Schemas["Silence"];
export type Status = Schemas["Status"];
export type Threshold = Schemas["Threshold"];
export type ThresholdSet = Schemas["ThresholdSet"];
export type Token = Schemas["Token"];
export type TokenCreated = Schemas["TokenCreated"];
export type TokenPair = Schemas["TokenPair"];
export type User = Schemas["User"];

/** A list as the hub pages it: `next` is the cursor of what comes after. */
export interface Page<T> {
  items: T[];
  next?: string | null;
}
