import * as v from "valibot";
import { recordNotFound } from "../fault.ts";
import { type AppContext, RevisionNumber, type Routes, readJson, readQuery } from "../http/index.ts";
import type { Log } from "../ops/index.ts";
import type { Device, DevicePlace, FileKey, Store } from "../store/index.ts";
import { answerConvergence, answerDevice, type DeviceList } from "./answers.ts";
import { fileReferredTo, type NameParsers } from "./file-reference.ts";
import { states } from "./grade.ts";

const MOST_BYTES = 16 * 1024;
const DEVICES_BY_DEFAULT = 100;

const word = (most: number) =>
  v.pipe(v.string("must be a string"), v.maxLength(most, `must be at most ${most} characters long`));
const topic = v.pipe(
  v.picklist(["configs", "assets"], "must be configs or assets"),
  v.description("Which is meant, where both have a file of that name"),
);

export const DeviceQuery = v.object({
  state: v.optional(
    v.pipe(
      v.picklist(states, `must be one of ${states.join(", ")}`),
      v.description("Only those that have a file in this state"),
    ),
  ),
  file: v.optional(v.pipe(word(255), v.description("Only those that have this file, or should"))),
  topic: v.optional(topic),
  q: v.optional(
    v.pipe(word(100), v.description("Only those where it occurs in the MAC, name, model or labels")),
  ),
  sort: v.optional(
    v.pipe(
      v.picklist(["mac", "last_seen"], "must be mac or last_seen"),
      v.description("mac, or last_seen: who was here last comes first"),
    ),
    "mac",
  ),
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^([1-9]\d{0,2}|1000)$/, "must be a whole number from 1 to 1000"),
      v.description("How many at the most"),
    ),
    String(DEVICES_BY_DEFAULT),
  ),
  cursor: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,16}\.[\da-f-]{17}$/, "is not one that we gave"),
      v.description("`next_cursor` of the page before"),
    ),
  ),
});

export const ConvergenceQuery = v.object({
  file: v.pipe(word(255), v.description("A file, by the name that it is announced under")),
  topic: v.optional(topic),
  revision: v.pipe(v.optional(RevisionNumber), v.description("The newest one where it is left out")),
});

const MOST_LABELS = 32;

export const DevicePatch = v.strictObject({
  name: v.optional(v.nullable(word(100))),
  model: v.optional(v.nullable(word(100))),
  labels: v.optional(
    v.pipe(v.record(word(63), word(255)), v.maxEntries(MOST_LABELS, `must be at most ${MOST_LABELS}`)),
  ),
});

export const AnnouncementBody = v.object({ file: word(255), topic: v.optional(topic) });

export interface FleetParts extends NameParsers {
  readonly store: Store;
  /** Says that an announcement may be due. */
  readonly nudge: () => void;
  readonly now: () => Date;
  readonly log: Log;
}

/** The operator's view of the fleet: who has what, who is behind, and how to tell them again. */
export function fleetRoutes(parts: FleetParts): Routes {
  return (app) => {
    app.get("/api/devices", (c) => list(parts, c));
    app.get("/api/devices/:mac", (c) => read(parts, c));
    app.patch("/api/devices/:mac", (c) => edit(parts, c));
    app.delete("/api/devices/:mac", (c) => forget(parts, c));
    app.post("/api/devices/:mac/nudge", (c) => nudgeDevice(parts, c));
    app.post("/api/announcements", (c) => announce(parts, c));
    app.get("/api/convergence", (c) => convergence(parts, c));
  };
}

async function list(parts: FleetParts, c: AppContext): Promise<Response> {
  const { store, now } = parts;
  const query = readQuery(DeviceQuery, c.req.query());
  const limit = Number(query.limit);
  const listed = await store.fleet.listDevices({
    q: query.q ?? null,
    state: query.state ?? null,
    file: query.file === undefined ? null : await fileReferredTo(store.fleet, parts, query.file, query.topic),
    sort: query.sort,
    after: query.cursor === undefined ? null : placeIn(query.cursor),
    limit,
    now: now().getTime(),
  });
  const last = listed.at(-1);
  const body: v.InferOutput<typeof DeviceList> = {
    devices: listed.map(({ device, pickups }) => answerDevice(device, pickups, now())),
    count: listed.length,
    next_cursor: listed.length < limit || last === undefined ? null : cursorAt(last.device),
  };
  return answer(body);
}

async function read({ store, now, parseMac }: FleetParts, c: AppContext): Promise<Response> {
  const device = await deviceOrFault(store, parseMac(c.req.param("mac") ?? ""));
  return answer(answerDevice(device, await store.fleet.listPickups(device.mac), now()));
}

async function edit({ store, now, log, parseMac }: FleetParts, c: AppContext): Promise<Response> {
  const mac = parseMac(c.req.param("mac") ?? "");
  const { name, model, labels } = await readJson(c, DevicePatch, MOST_BYTES);
  const device = await store.fleet.editDevice(mac, {
    ...(name !== undefined && { name }),
    ...(model !== undefined && { model }),
    ...(labels !== undefined && { labels }),
  });
  if (device === null) throw recordNotFound("device", mac);
  log.info({ requestId: c.get("caller").requestId, mac }, "device edited");
  return answer(answerDevice(device, await store.fleet.listPickups(mac), now()));
}

async function forget({ store, log, parseMac }: FleetParts, c: AppContext): Promise<Response> {
  const mac = parseMac(c.req.param("mac") ?? "");
  if (!(await store.fleet.forgetDevice(mac))) throw recordNotFound("device", mac);
  log.info({ requestId: c.get("caller").requestId, mac }, "device forgotten");
  return new Response(null, { status: 204 });
}

/** Announces again each file that this device should have. */
async function nudgeDevice({ store, nudge, log, parseMac }: FleetParts, c: AppContext): Promise<Response> {
  const mac = parseMac(c.req.param("mac") ?? "");
  if (!(await store.fleet.announceAllTo(mac))) throw recordNotFound("device", mac);
  log.info({ requestId: c.get("caller").requestId, mac }, "device nudged");
  nudge();
  return new Response(null, { status: 202 });
}

async function announce(parts: FleetParts, c: AppContext): Promise<Response> {
  const body = await readJson(c, AnnouncementBody, MOST_BYTES);
  const file = await fileReferredTo(parts.store.fleet, parts, body.file, body.topic);
  if (!(await parts.store.fleet.announceAgain(file))) throw recordNotFound(wordFor(file), body.file);
  const { requestId } = c.get("caller");
  parts.log.info({ requestId, topic: file.kind, filename: body.file }, "file announced again");
  parts.nudge();
  return new Response(null, { status: 202 });
}

async function convergence(parts: FleetParts, c: AppContext): Promise<Response> {
  const query = readQuery(ConvergenceQuery, c.req.query());
  const { fleet } = parts.store;
  const file = await fileReferredTo(fleet, parts, query.file, query.topic);
  const found = await fleet.readConvergence(file, query.revision ?? null, parts.now().getTime());
  if (found === null) throw recordNotFound(wordFor(file), query.file);
  return answer(answerConvergence(file, found));
}

async function deviceOrFault({ fleet }: Store, mac: string): Promise<Device> {
  const device = await fleet.findDevice(mac);
  if (device === null) throw recordNotFound("device", mac);
  return device;
}

function placeIn(cursor: string): DevicePlace {
  const [lastSeenAt = "", mac = ""] = cursor.split(".");
  return { lastSeenAt: Number(lastSeenAt), mac };
}

function cursorAt({ mac, lastSeenAt }: Device): string {
  return `${lastSeenAt ?? 0}.${mac}`;
}

function wordFor({ kind }: FileKey): "config" | "asset" {
  return kind === "configs" ? "config" : "asset";
}

function answer(body: object): Response {
  return Response.json(body, { headers: { "Cache-Control": "private, no-cache" } });
}
