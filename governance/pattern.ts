/**
 * Whether some name matches both of two patterns in which `*` stands for any run of characters.
 * Quadratic in their lengths, which the schema bounds.
 */
export function overlaps(one: string, other: string): boolean {
  const known = new Map<number, boolean>()

  const meet = (i: number, j: number): boolean => {
    const key = i * (other.length + 1) + j
    const found = known.get(key) ?? decide(i, j)
    known.set(key, found)
    return found
  }

  /** One side's star stands for nothing, or for one more character of the other. */
  const decide = (i: number, j: number): boolean => {
    const [isEndOne, isEndOther] = [i === one.length, j === other.length]
    if (isEndOne && isEndOther) return true
    const isStar = one[i] === '*' || other[j] === '*'
    if (!isStar) return one[i] === other[j] && meet(i + 1, j + 1)
    const isOneOn = !isEndOne && meet(i + 1, j)
    return isOneOn || (!isEndOther && meet(i, j + 1))
  }

  return meet(0, 0)
}
