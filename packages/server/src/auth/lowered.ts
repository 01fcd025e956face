const lowerCase = new Map<string, string>()

/** A name of an action or of a condition key in lower case: such names are few, and each is asked for often. */
export function lowered(name: string): string {
  const known = lowerCase.get(name)
  if (known !== undefined) return known
  const lower = name.toLowerCase()
  if (lowerCase.size < 1000) lowerCase.set(name, lower)
  return lower
}
