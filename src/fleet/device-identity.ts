/** Headers in which Arduino's updaters say who asks. The station's address is the one that a device is known by. */
const MAC_HEADERS = ["x-ESP32-STA-MAC", "x-ESP8266-STA-MAC", "x-ESP32-BASE-MAC"];

/** The MAC address that a request gives of itself: in an updater's header, or as `?mac=`. Null where it gives none. */
export function macIn(request: Request, parseMac: (text: string) => string): string | null {
  const given = MAC_HEADERS.map((name) => request.headers.get(name)).find((text) => text !== null);
  const text = given ?? queryMac(request.url);
  if (text === null) return null;
  try {
    return parseMac(text);
  } catch {
    return null; // Whatever it is, it names no device, and is no reason to refuse a download.
  }
}

function queryMac(url: string): string | null {
  const at = url.indexOf("?");
  return at === -1 ? null : new URLSearchParams(url.slice(at)).get("mac");
}
