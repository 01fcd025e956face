import { sealAccessKey } from '../auth/identities.ts'
import { KeySetError, parseKeySet } from '../oidc/key-set.ts'
import { noKeys, operation, type Decision, type Operation } from '../operation.ts'
import { putProvider, requireProvider } from '../operations/iam/oidc-providers.ts'
import { existingUserName, overQuota, put, requireEntity } from '../operations/iam/entities.ts'
import { createAlias } from '../operations/create-alias.ts'
import { createKey } from '../operations/create-key.ts'
import { aliasArn, keyArn } from '../protocol/arn.ts'
import { kmsError } from '../protocol/errors.ts'
import { blob, requireFit, string, structure } from '../protocol/shape.ts'
import { rowOf, type Change } from '../store/documents.ts'

/** What a bootstrap file can have and no operation of the API does. */

const mostAccessKeys = 2

/** An access key that was agreed on beforehand, or another secret for it. */
export const putAccessKey = operation({
  name: 'CreateAccessKey',
  service: 'iam',
  input: structure({ UserName: existingUserName, AccessKeyId: string(3, 128), SecretAccessKey: blob(1, 128) }),
  output: structure({}),
  needs: { action: null, keys: noKeys },
  audit: {
    readOnly: false,
    parameters: ({ UserName, AccessKeyId }) => ({ userName: UserName, accessKeyId: AccessKeyId }),
  },
  async handle({ view, seal, now, caller: { account } }, { UserName, AccessKeyId: id, SecretAccessKey }) {
    const user = await requireEntity(view, 'user', account, UserName)
    const there = await view.get('access-key', id)
    if (there && (there.account !== account || there.userName !== UserName)) {
      throw kmsError('EntityAlreadyExistsException', `There is an access key ${id} of somebody else.`)
    }
    const accessKeys = [...new Set([...user.accessKeys, id])]
    if (accessKeys.length > mostAccessKeys) throw overQuota('AccessKeysPerUser', mostAccessKeys)
    const accessKey = sealAccessKey(seal, { id, account, userName: UserName, now }, SecretAccessKey)
    return {
      output: {},
      changes: [{ put: 'access-key', id, document: accessKey, erase: true }, put('user', { ...user, accessKeys })],
    }
  },
})

/** The keys of an identity provider that cannot be asked for them. */
export const putProviderKeys = operation({
  name: 'UpdateOpenIDConnectProviderKeys',
  service: 'iam',
  input: structure({ OpenIDConnectProviderArn: string(), Keys: string() }),
  output: structure({}),
  needs: { action: null, keys: noKeys },
  audit: {
    readOnly: false,
    parameters: ({ OpenIDConnectProviderArn: arn }) => ({ openIDConnectProviderArn: arn }),
  },
  async handle(context, { Keys: jwks, ...named }) {
    const provider = await requireProvider(context, named)
    try {
      await parseKeySet(Buffer.from(jwks))
    } catch (error) {
      if (!(error instanceof KeySetError)) throw error
      throw kmsError('InvalidInputException', `Its file of keys holds ${error.message}.`)
    }
    return { output: {}, changes: [putProvider({ ...provider, jwks })] }
  },
})

/** CreateKey, and CreateAlias in the same commit: no crash leaves a key that the next start does not know by its alias. */
export const createKeyNamed = (aliases: readonly string[]): Operation => ({
  ...createKey,
  async handle(context, asked) {
    const made: Decision<unknown> = await createKey.handle(context, asked)
    if ('refusal' in made) return made
    let { changes = [] } = made
    let key = keyIn(changes)
    const elsewhere = []
    for (const AliasName of aliases) {
      const input = { AliasName, TargetKeyId: key.id }
      requireFit(createAlias.input, input)
      createAlias.needs.precheck?.(input)
      const named: Decision<unknown> = await createAlias.handle({ ...context, keys: { key } }, input)
      if ('refusal' in named) return named
      const { changes: more = [] } = named
      changes = [...changes.filter(change => !more.some(other => rowOf(other) === rowOf(change))), ...more]
      key = keyIn(changes)
      const { account, region } = key
      const resources = [keyArn(key), aliasArn({ account, region, name: AliasName })].map(arn => ({ account, arn }))
      const requestParameters = createAlias.audit.parameters(input)
      elsewhere.push({ region, operation: createAlias.name, requestParameters, responseElements: null, resources })
    }
    return { ...made, changes, elsewhere }
  },
})

function keyIn(changes: readonly Change[]) {
  for (const change of changes) if ('put' in change && change.put === 'key') return change.document
  throw new Error('CreateKey has made no key')
}
