/** What an image of ESP8266 or of an ESP32 says of itself, and whether it is whole. */
export interface Image {
  /** `ESP32-C3`; null for one that is not known yet. */
  readonly chip: string | null;
  /** From the application descriptor; all null where it has none, as on ESP8266. */
  readonly description: Description | null;
  /** The oldest revision of the chip that it runs on, times 100; null on ESP8266. */
  readonly minChipRevision: number | null;
  /** In bytes, checksum and appended digest included; null where the image is cut off. */
  readonly length: number | null;
  readonly checksum: "valid" | "wrong" | "missing";
  /** The digest that is appended to it; null where it has none. */
  readonly digest: { readonly sha256: string; readonly isValid: boolean } | null;
}

/** `esp_app_desc_t` of ESP-IDF. */
export interface Description {
  readonly version: string;
  readonly project: string;
  /** Date and time as the compiler writes them. */
  readonly built: string;
  readonly idfVersion: string;
  readonly elfSha256: string;
  readonly secureVersion: number;
}

/** What is known of a file by its bytes. The hashes are in lower-case hex. */
export interface Reading {
  readonly md5: string;
  readonly image: Image | null;
  /** Every MD5 that a device may give of what it runs, when it runs this file. */
  readonly runningMd5s: readonly string[];
  readonly runningSha256s: readonly string[];
}

/** The builder of Arduino's libraries fills the descriptor with its own name, and says nothing of the sketch. */
const NO_PROJECTS = new Set(["arduino-lib-builder", ""]);

/** What a header can carry as it stands. */
const PRINTABLE = /^[!-~]([ -~]*[!-~])?$/;

/** The version of the program in the image; null where it says none that a header can carry. */
export function versionOf({ image }: Reading): string | null {
  const description = image?.description;
  if (description == null || NO_PROJECTS.has(description.project)) return null;
  return PRINTABLE.test(description.version) ? description.version : null;
}

/** What is wrong with an image that claims to be an ESP32's; null where nothing is, or it claims nothing. */
export function defectOf({ image }: Reading): string | null {
  if (image === null || image.description === null) return null;
  if (image.length === null) return "is an ESP32 image that is cut off";
  if (image.checksum !== "valid") return "is an ESP32 image whose checksum is wrong";
  return image.digest?.isValid === false ? "is an ESP32 image whose appended SHA-256 is wrong" : null;
}
