// `npm run simulate -- …`: devices that are not there, where only Node is to be found.
import { runWithBun } from "./with-bun.mjs";

await runWithBun("simulate/run.ts");
