import * as v from "valibot";
import type { Image } from "../images/index.ts";

const text = v.nullable(v.string());
const whole = v.nullable(v.pipe(v.number(), v.integer()));

export const ImageAnswer = v.object({
  chip: v.pipe(text, v.description("ESP32-C3; null for one that is not known here")),
  version: text,
  project: text,
  built: v.pipe(text, v.description("Date and time as the compiler wrote them")),
  idf_version: text,
  elf_sha256: text,
  secure_version: whole,
  min_chip_revision: v.pipe(whole, v.description("Times 100")),
  length: v.pipe(whole, v.description("In bytes; null where the image is cut off")),
  checksum: v.picklist(["valid", "wrong", "missing"]),
  digest: v.pipe(
    v.nullable(v.object({ sha256: v.string(), valid: v.boolean() })),
    v.description("The SHA-256 that is appended to the image; null where there is none"),
  ),
});

/** The one place where an image becomes snake_case. */
export function answerImage(image: Image | null): v.InferOutput<typeof ImageAnswer> | null {
  if (image === null) return null;
  const { chip, description, minChipRevision, length, checksum, digest } = image;
  return {
    chip,
    version: description?.version ?? null,
    project: description?.project ?? null,
    built: description?.built ?? null,
    idf_version: description?.idfVersion ?? null,
    elf_sha256: description?.elfSha256 ?? null,
    secure_version: description?.secureVersion ?? null,
    min_chip_revision: minChipRevision,
    length,
    checksum,
    digest: digest === null ? null : { sha256: digest.sha256, valid: digest.isValid },
  };
}
