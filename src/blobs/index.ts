export type { Blobs, FinishedBlob, StagedBlob } from "./blobs.ts";
export { DiskBlobs } from "./disk-blobs.ts";
