import { userCaller, type Caller } from '../../auth/caller.ts'
import { accessKeyInUse } from '../../by-name.ts'
import { noKeys, operation, type Unidentified } from '../../operation.ts'
import { secret, string, structure, type Infer } from '../../protocol/shape.ts'
import { denied } from '../sts/credentials.ts'
import { consoleSession, linkRow, signIn } from './console.ts'

const input = structure({ Code: secret(string()) })
type Input = Infer<typeof input>

/** Signs whoever has the code of a link in to the console, as the user who made it. The link goes in the same commit. */
export const redeemConsoleLink = operation({
  name: 'RedeemConsoleLink',
  service: 'keyreeve',
  input,
  output: consoleSession,
  identify,
  needs: { action: null, keys: noKeys },
  audit: { readOnly: false, parameters: () => null },
  handle: (context, { Code }) => ({ ...signIn(context), changes: [{ remove: 'console-link', id: linkRow(Code) }] }),
})

/** The user who made the link, whose access key must sign still. One text for all that there can be. */
async function identify({ view, now }: Unidentified, { Code }: Input): Promise<Caller> {
  const link = await view.get('console-link', linkRow(Code))
  const found = link && link.expiresAt > now ? await accessKeyInUse(view, link.accessKeyId) : undefined
  if (found && found.user.id === link?.userId) return userCaller(found.user)
  throw denied('The link was used, has expired, or never was one. Run keyreeve console for a new one.')
}
