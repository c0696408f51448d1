/** A page that somebody looks at can have their browser ask for anything, as which device it likes. No device sends these. */
export function isOfForeignPage({ headers }: Request): boolean {
  const site = headers.get("Sec-Fetch-Site");
  return headers.has("Origin") || (site !== null && site !== "same-origin" && site !== "none");
}
