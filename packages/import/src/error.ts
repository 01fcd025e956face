/**
 * What is wrong with a key, its material or a choice, in words for the person who made it.
 * The text never quotes the input, which may be secret.
 */
export class ImportError extends Error {
  override readonly name = 'ImportError'
}

/** "1 byte", "32 bytes". */
export function count(size: number, unit = 'byte'): string {
  return `${size} ${unit}${size === 1 ? '' : 's'}`
}
