/** SQL files are imported as text, so that they are in every build. */
declare module "*.sql" {
  const text: string;
  export default text;
}
