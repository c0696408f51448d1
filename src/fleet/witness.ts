import type { HttpListener } from "../http/index.ts";
import type { FileKey, FleetStore, Telemetry } from "../store/index.ts";
import { macIn } from "./device-identity.ts";
import { isOfForeignPage } from "./foreign-page.ts";
import type { Recorder } from "./recorder.ts";
import { evidenceOf } from "./sightings.ts";

/** Who speaks, as far as that is known. */
interface Speaker {
  readonly mac: string | null;
  readonly address: string | null;
}

interface Running {
  readonly revision: number | null;
  readonly version: string;
  /** What it runs is built for this chip, so it is one; null where that is not known. */
  readonly chip: string | null;
}

/** Tells the recorder of what devices say of themselves, and who asks what is known of them. */
export function fleetWitness(
  recorder: Recorder,
  fleet: FleetStore,
  parseMac: (text: string) => string,
  now: () => Date,
) {
  const at = () => now().getTime();
  return {
    /** By the MAC of the path where there is one, else by what the request says of itself. A foreign page is nobody. */
    speaker(request: Request, listener: HttpListener | null, mac = macIn(request, parseMac)): Speaker {
      if (isOfForeignPage(request)) return { mac: null, address: null };
      return { mac, address: listener?.requestIP(request)?.address ?? null };
    },

    async chipOf({ mac }: Speaker): Promise<string | null> {
      return mac === null ? null : ((await fleet.findDevice(mac))?.chip ?? null);
    },

    /** The names of the assets that a device is known to use. What was guessed by its address may be another's. */
    async assetsOf(mac: string): Promise<readonly string[]> {
      const pickups = await fleet.listPickups(mac);
      const known = pickups.filter((each) => each.kind === "assets" && !evidenceOf(each).isGuessed);
      return known.map(({ name }) => name);
    },

    /** It was here. Who has only that to show for itself is one device more that anybody may have made up. */
    came({ mac, address }: Speaker, said?: Omit<Telemetry, "at">): void {
      if (mac === null) return;
      const telemetry = said === undefined ? {} : { telemetry: { ...said, at: at() } };
      recorder.visited({ mac, at: at(), address, chip: null, isUnknown: true, ...telemetry });
    },

    runs(speaker: Speaker, { kind, name }: FileKey, { revision, version, chip }: Running): void {
      const { mac, address } = speaker;
      if (mac !== null) recorder.visited({ mac, at: at(), address, chip, isUnknown: true });
      recorder.saw({ ...speaker, file: { kind, name } }, { kind: "runs", revision, at: at(), version });
    },

    refused(
      speaker: Speaker,
      { kind, name, revision }: FileKey & { readonly revision: number },
      reason: string,
    ): void {
      const { mac, address } = speaker;
      if (mac !== null) recorder.visited({ mac, at: at(), address, chip: null, isUnknown: true });
      recorder.saw({ ...speaker, file: { kind, name } }, { kind: "refused", revision, at: at(), reason });
    },
  };
}
