import type { Tool } from "./tools.ts";

/** Which way is better, what has to hold, and what we are after. */
export type Goal = { readonly better: "more" | "less"; readonly must: number; readonly aim: number };

/** A line of the table. Its goal is of ours ÷ the peer's; where there is no peer, of ours. */
export type Row = {
  readonly what: string;
  readonly against: string;
  /** Of ours and the peer's figure. */
  readonly unit: "/s" | "ms" | "MB" | "messages";
  readonly goal: Goal;
};

/** One round's figures of a row, taken on the same work, one right after the other. */
export type Figure = { readonly ours: number; readonly peer: number | null };

/** How long and how much: in full, or just enough to see that it works. */
export type Scale = {
  /** Of each load. */
  readonly seconds: number;
  /** Starts of a process in a round. */
  readonly starts: number;
  /** Saves in a row whose announcements are timed. */
  readonly announced: number;
  /** Announcements that wait for the broker. */
  readonly waiting: number;
  /** Devices that listen to the broker. */
  readonly devices: number;
  /** Configs of a large fleet. */
  readonly configs: number;
  /** Saves after which memory is looked at. */
  readonly saves: number;
};

/** Measures one round of all its rows. */
export type Round = () => Promise<Readonly<Record<string, Figure>>>;

/** What is set up once and measured in rounds, ours and the peer by turns. */
export type Measure = {
  readonly name: string;
  readonly needs: readonly Tool[];
  /** Set where one round is all: it takes minutes, and there is no peer to take turns with. */
  readonly once?: true;
  readonly rows: Readonly<Record<string, Row>>;
  /** Starts all that the rounds need; `running` ends it. */
  readonly prepare: (scale: Scale, running: AsyncDisposableStack) => Promise<Round>;
};
