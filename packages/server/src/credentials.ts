import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes an access key as the default profile of an AWS shared credentials file
 * (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html), readable by its owner alone. Replaces the file as a
 * whole, and returns when it is on disk.
 */
export async function writeCredentials(
  path: string,
  { accessKeyId, secret }: { accessKeyId: string; secret: string },
): Promise<void> {
  const fresh = `${path}.new`
  const file = await open(fresh, 'w', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(`[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secret}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(fresh, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
