import { parseChangeMessage } from "../change-message.ts";
import { Fault, validationFailed } from "../fault.ts";
import type { Metrics } from "../ops/index.ts";
import { type FileName, parseFileName } from "./file-name.ts";
import { checkTolerance, parseTimestamp } from "./timestamp.ts";
import { type VerifyingKey, verifySignature } from "./verify.ts";

/** What uploads are judged by. */
export interface UploadRules {
  readonly key: VerifyingKey;
  readonly toleranceSeconds: number;
}

/**
 * What of an upload has arrived besides the file's bytes. It is judged before the first of them, as far
 * as it has come, and again at the end: the file's name, then the timestamp, then the signature.
 */
export class Arrived {
  filename: string | null = null;
  #timestamp: string | null = null;
  #signature: string | null = null;
  #message: string | null = null;

  constructor(
    private readonly rules: UploadRules,
    private readonly arrivedAt: Date,
    private readonly metrics: Metrics,
  ) {}

  /** Takes a field's value. What an upload does not have is passed over. */
  take(field: string, value: string): void {
    if (field === "timestamp") this.#timestamp = value;
    if (field === "signature") this.#signature = value;
    if (field === "message") this.#message = value;
  }

  /** Judges what is here. Throws the fault `VALIDATION_FAILED` for the first that is wrong of what is here. */
  judge(): void {
    if (this.filename !== null) parseFileName(this.filename);
    if (this.#timestamp === null) return;
    const timestampMs = parseTimestamp(this.#timestamp);
    const arrivedMs = this.arrivedAt.getTime();
    const signature = this.#signature === null ? "missing" : this.#verify(this.#timestamp, this.#signature);
    // Only who holds the key may say how far its clock is off: anybody else would raise the alarm at will.
    if (signature === "good") this.metrics.uploadClockSkew.set((timestampMs - arrivedMs) / 1000);
    checkTolerance(timestampMs, arrivedMs, this.rules.toleranceSeconds);
    if (signature instanceof Fault) throw signature;
  }

  #verify(timestamp: string, signature: string): "good" | Fault {
    const stop = this.metrics.signatureVerificationDuration.startTimer();
    try {
      verifySignature(this.rules.key, timestamp, signature);
      return "good";
    } catch (error) {
      if (error instanceof Fault) return error;
      throw error;
    } finally {
      stop();
    }
  }

  /** Judges the whole, file included: nothing more will arrive. */
  conclude(): { readonly filename: FileName; readonly message: string | null } {
    if (this.#timestamp === null) throw missing("timestamp");
    if (this.#signature === null) throw missing("signature");
    this.judge();
    return { filename: parseFileName(this.filename ?? ""), message: parseChangeMessage(this.#message) };
  }
}

export function missing(field: string) {
  return validationFailed(field, "is missing; an upload has the fields file, timestamp and signature");
}
