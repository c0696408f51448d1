import type { Caller } from "../caller.ts";
import type { AppContext, HttpListener } from "../http/index.ts";
import type { FileKey } from "../store/index.ts";
import type { Offer } from "./offer.ts";

/** Who asks for a file, and how. */
export interface Ask {
  readonly caller: Caller;
  readonly request: Request;
  /** Knows where the request came from; null where it came by no connection. */
  readonly listener: HttpListener | null;
}

/** Hears of what was asked for. It must not throw, and has no time to lose: the answer waits for it. */
export interface Audience {
  /** A GET was answered with a file, or with a part of it, or with the word that it is the one that the asker has. */
  answered(ask: Ask, offer: Offer, response: Response): void;
  /** There is no such file. */
  missed(ask: Ask, file: FileKey): void;
}

export function askOf(c: AppContext): Ask {
  return { caller: c.get("caller"), request: c.req.raw, listener: c.env?.server ?? null };
}
