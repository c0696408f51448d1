import type { Server } from "bun";
import type { Context, Hono } from "hono";
import type { Caller } from "../caller.ts";

/** What has taken a request's connection, and knows its other end. */
export type HttpListener = Server<undefined>;

/** What every request carries besides itself. */
export interface Env {
  readonly Bindings: {
    readonly server: HttpListener;
  };
  readonly Variables: {
    caller: Caller;
    /** When the request's head had arrived. */
    arrivedAt: Date;
    /** Whether the answer repeats the request's id though the client sent none: not so where devices fetch. */
    answersOwnId: boolean;
  };
}

export type App = Hono<Env>;
export type AppContext = Context<Env>;
