#!/usr/bin/env node
// `iotsupport COMMAND …`: works on the data, where only Node is to be found.
import { runWithBun } from "./with-bun.mjs";

await runWithBun("src/cli/main.ts");
