/** The proposal "JSON.parse source text access", which the engine has and the compiler's library has not. */
interface JSON {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source: string }) => unknown,
  ): unknown;
  rawJSON(text: string): object;
}
