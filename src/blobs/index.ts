export type { Blobs, FinishedBlob, HeldBlobs, StagedBlob } from "./blobs.ts";
export { DiskBlobs, openDiskBlobs, temporaryIn } from "./disk-blobs.ts";
