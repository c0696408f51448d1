import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** What a process holds of the machine, as Linux counts it. */
export class ProcessFigures {
  constructor(private readonly pid: number) {}

  /** Its memory now, in MB. */
  get residentMb(): number {
    return this.#statusKb("VmRSS") / 1024;
  }

  /** The most memory that it had since `forgetPeak()`, in MB. */
  get peakMb(): number {
    return this.#statusKb("VmHWM") / 1024;
  }

  forgetPeak(): void {
    writeFileSync(`/proc/${this.pid}/clear_refs`, "5"); // proc(5)
  }

  /** How many files and sockets it has open. */
  get openFiles(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length;
  }

  #statusKb(name: string): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]);
  }
}
