/** A fault to be planted in the service's own code, and the row that has to notice. */
export interface Break {
  readonly name: string;
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
  readonly caughtBy: `R${number}` | `A${number}` | `F${number}`;
  /** How many rounds of the row it takes: two, where nothing else is said. */
  readonly rounds?: number;
}
