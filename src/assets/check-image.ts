import { validationFailed } from "../fault.ts";
import { defectOf, mayBeImage, readImage } from "../images/index.ts";

/**
 * What a file that may be an image says of itself, as it is to be kept; null for any other file. Throws `validationFailed`
 * on "file" for an ESP32 image that is cut off or damaged, unless any will do: devices would refuse it, at best.
 */
export async function checkImage(file: Blob, willAnyDo: boolean): Promise<string | null> {
  if (!(await mayBeImage(file))) return null;
  const reading = await readImage(file);
  const defect = defectOf(reading);
  if (defect !== null && !willAnyDo) {
    throw validationFailed("file", `${defect}; to upload it all the same, ask for /api/assets?image=any`);
  }
  return JSON.stringify(reading);
}
