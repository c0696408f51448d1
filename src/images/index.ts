export { ESP8266, parseChip } from "./chips.ts";
export type { Image, Reading } from "./image.ts";
export { defectOf, versionOf } from "./image.ts";
export { Images, parseReading } from "./images.ts";
export { mayBeImage, readImage } from "./read-image.ts";
