export { type Call, callsIn, WATCHED, WRITTEN_OUT } from "./calls.ts";
export { Disk } from "./disk.ts";
