export type { Blobs, ByteRange, FinishedBlob, StagedBlob } from "./blobs.ts";
export { DiskBlobs } from "./disk-blobs.ts";
