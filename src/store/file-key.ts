/** The two kinds of files that devices are told of. */
export type FileKind = "configs" | "assets";

/** A file: a config by its MAC, an asset by its file name. */
export interface FileKey {
  readonly kind: FileKind;
  readonly name: string;
}

export interface FileRevision extends FileKey {
  readonly revision: number;
}
