/** The positions of values that stood earlier in the list already, each with where it stood first. */
export function repeats(
  values: readonly string[],
): readonly { readonly index: number; readonly first: number; readonly value: string }[] {
  const firstAt = new Map<string, number>()
  return values.flatMap((value, index) => {
    const first = firstAt.get(value)
    if (first !== undefined) return [{ index, first, value }]
    firstAt.set(value, index)
    return []
  })
}
