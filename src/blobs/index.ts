export type { Blobs, ByteRange, FinishedBlob, HeldBlobs, StagedBlob } from "./blobs.ts";
export { DiskBlobs, openDiskBlobs, temporaryIn } from "./disk-blobs.ts";
