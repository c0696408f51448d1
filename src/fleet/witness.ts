import type { HttpListener } from "../http/index.ts";
import type { FileKey, FleetStore } from "../store/index.ts";
import { macIn } from "./device-identity.ts";
import type { Recorder } from "./recorder.ts";

interface Running {
  readonly revision: number | null;
  readonly version: string;
  readonly chip: string | null;
}

/** Tells the recorder of what devices say of themselves, and who asks what is known of them. */
export function fleetWitness(
  recorder: Recorder,
  fleet: FleetStore,
  parseMac: (text: string) => string,
  now: () => Date,
) {
  const subjectOf = (request: Request, listener: HttpListener | null, { kind, name }: FileKey) => ({
    mac: macIn(request, parseMac),
    address: listener?.requestIP(request)?.address ?? null,
    file: { kind, name },
  });
  return {
    async chipOf(request: Request): Promise<string | null> {
      const mac = macIn(request, parseMac);
      return mac === null ? null : ((await fleet.findDevice(mac))?.chip ?? null);
    },

    runs(request: Request, listener: HttpListener | null, file: FileKey, running: Running): void {
      const { revision, version, chip } = running;
      const at = now().getTime();
      const subject = subjectOf(request, listener, file);
      const { mac, address } = subject;
      if (mac !== null) recorder.visited({ mac, at, address, chip, isUnknown: false });
      recorder.saw(subject, { kind: "runs", revision, at, version });
    },

    refused(
      request: Request,
      listener: HttpListener | null,
      offered: FileKey & { readonly revision: number },
      reason: string,
    ): void {
      const subject = subjectOf(request, listener, offered);
      const at = now().getTime();
      const { mac, address } = subject;
      if (mac !== null) recorder.visited({ mac, at, address, chip: null, isUnknown: false });
      recorder.saw(subject, { kind: "refused", revision: offered.revision, at, reason });
    },
  };
}
