import type { NewConfig } from "../store/index.ts";
import type { Content } from "./content.ts";
import type { Mac } from "./mac.ts";
import { summaryOf } from "./summary.ts";

/** What is kept of a device's content that was judged: its bytes, their hash, and what a list shows of it. */
export function configOf(mac: Mac, { content, contentBytes }: Content): NewConfig {
  const sha256 = new Bun.CryptoHasher("sha256").update(contentBytes).digest("hex");
  return { mac, ...summaryOf(content), content: contentBytes, sha256 };
}
