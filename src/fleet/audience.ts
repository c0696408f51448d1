import type { HttpListener } from "../http/index.ts";
import type { FileKey } from "../store/index.ts";
import { macIn } from "./device-identity.ts";
import { isOfForeignPage } from "./foreign-page.ts";
import type { Fetch, Peer, Recorder } from "./recorder.ts";

interface Ask {
  readonly request: Request;
  readonly listener: HttpListener | null;
}

interface Answered extends FileKey {
  readonly revision: number;
  readonly size: number;
}

/** Tells the recorder of what devices are answered. `parseMac` throws on what is none. */
export function fleetAudience(recorder: Recorder, parseMac: (text: string) => string) {
  return {
    answered({ request, listener }: Ask, { kind, name, revision, size }: Answered, response: Response): void {
      if (isOfForeignPage(request) || (response.status === 304 && hasAny(request))) return;
      if (kind === "configs" && recorder.fetchedAgain(name, revision, response.status)) return;
      recorder.fetched({
        file: { kind, name },
        mac: kind === "configs" ? name : macIn(request, parseMac),
        revision,
        status: response.status as Fetch["status"], // Delivery answers with nothing else.
        size,
        range: response.status === 206 ? rangeOf(response.headers.get("Content-Range") ?? "") : null,
        peer: peerOf(request, listener),
        hangUp: kind === "assets" ? request.signal : null,
      });
    },

    /** A device without a config is one that somebody has yet to configure. */
    missed({ request, listener }: Ask, { kind, name }: FileKey): void {
      if (kind === "configs" && !isOfForeignPage(request)) recorder.missed(name, peerOf(request, listener));
    },
  };
}

/** Whether it asks only where there is nothing: that says of no revision that the asker has it. */
function hasAny({ headers }: Request): boolean {
  return headers.get("If-None-Match") === "*";
}

/** `bytes 0-99/1000`, as we wrote it ourselves (RFC 9110, section 14.4). */
function rangeOf(header: string): Fetch["range"] {
  const [, start, end] = /^bytes (\d+)-(\d+)\//.exec(header) ?? [];
  return start === undefined || end === undefined ? null : { start: Number(start), end: Number(end) };
}

function peerOf(request: Request, listener: HttpListener | null): Peer | null {
  const peer = listener?.requestIP(request) ?? null;
  const localPort = listener?.port;
  return peer === null || localPort === undefined
    ? null
    : { address: peer.address, port: peer.port, localPort };
}
