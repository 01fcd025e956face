/** How long to wait before saying that something takes longer, in milliseconds. */
const patience = 1000

const clearLine = '\r\u001B[K'

/** Says what is waited for, once that is worth saying, to a person only, and takes it back in the end. */
export async function showWaiting<T>(
  text: string,
  work: Promise<T>,
  out: { readonly isTTY?: boolean; write: (text: string) => unknown } = process.stderr,
): Promise<T> {
  if (!out.isTTY) return await work
  let isShown = false
  const timer = setTimeout(() => {
    isShown = true
    out.write(`${text}...`)
  }, patience)
  try {
    return await work
  } finally {
    clearTimeout(timer)
    if (isShown) out.write(clearLine)
  }
}
