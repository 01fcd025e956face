import { random } from '../../crypto/random.ts'
import { noKeys, operation } from '../../operation.ts'
import { secret, string, structure, timestamp } from '../../protocol/shape.ts'
import { linkRow, requireAccessKey } from './console.ts'

/** How long a link waits, in milliseconds. */
const lifetime = 10 * 60_000

/** What a link to the console ends in, which signs whoever opens it in as the calling user, once. */
export const createConsoleLink = operation({
  name: 'CreateConsoleLink',
  service: 'keyreeve',
  input: structure({}),
  output: structure({ Code: secret(string()), Expiration: timestamp() }),
  needs: { action: null, keys: noKeys, check: requireAccessKey },
  audit: { readOnly: false, parameters: () => null },
  async handle({ view, caller, now }) {
    const { accessKeyId, principalId } = caller
    if (accessKeyId === undefined) throw new Error('a link is made with no access key')
    const code = random(32).toString('base64url')
    const [id, expiresAt] = [linkRow(code), now + lifetime]
    await view.get('console-link', id)
    const Expiration = new Date(expiresAt)
    return {
      output: { Code: code, Expiration },
      changes: [{ put: 'console-link', id, document: { accessKeyId, userId: principalId, expiresAt } }],
      recorded: { expiration: Expiration },
    }
  },
})
