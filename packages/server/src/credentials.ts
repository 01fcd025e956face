import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

interface NewAccessKey {
  accessKeyId: string
  secret: string
}

/**
 * The default profile of an AWS shared credentials file (https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html).
 */
export const profileOf = ({ accessKeyId, secret }: NewAccessKey): string =>
  `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secret}\n`

/** Writes such a file, readable by its owner alone. Replaces it as a whole, and returns when it is on disk. */
export async function writeCredentials(path: string, accessKey: NewAccessKey): Promise<void> {
  const fresh = `${path}.new`
  const file = await open(fresh, 'w', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(profileOf(accessKey))
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
