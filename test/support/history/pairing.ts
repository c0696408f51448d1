/**
 * Gives each of the `needy` a giver of its own among those that fit, and returns those for whom none is left: as few
 * as can be (augmenting paths, as Kuhn has it).
 */
export function withoutPartner<Needy, Giver>(
  needy: readonly Needy[],
  givers: readonly Giver[],
  fits: (needy: Needy, giver: Giver) => boolean,
): Needy[] {
  const takenBy = new Map<Giver, Needy>();
  const find = (one: Needy, tried: Set<Giver>): boolean =>
    givers.some((giver) => {
      if (tried.has(giver) || !fits(one, giver)) return false;
      tried.add(giver);
      const holder = takenBy.get(giver);
      if (holder !== undefined && !find(holder, tried)) return false;
      takenBy.set(giver, one);
      return true;
    });
  return needy.filter((one) => !find(one, new Set()));
}
