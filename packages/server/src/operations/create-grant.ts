import { makeGrantToken } from '../auth/grant-token.ts'
import {
  isGrantable,
  namedGrantId,
  requirePrincipal,
  type Grant,
  type GrantConstraints,
  type GrantOperation,
} from '../auth/grants.ts'
import { random } from '../crypto/random.ts'
import type { Key } from '../keys/key.ts'
import { keySpecs } from '../keys/specs.ts'
import { enabled } from '../keys/states.ts'
import { operation } from '../operation.ts'
import { keyArn } from '../protocol/arn.ts'
import { encodeHex } from '../protocol/base64.ts'
import { kmsError, type KmsError } from '../protocol/errors.ts'
import { optional, string, structure, type Infer } from '../protocol/shape.ts'
import { grantRow } from '../store/documents.ts'
import { bind } from './bound-principals.ts'
import {
  constraints,
  constraintTypes,
  grantIsForAwsResource,
  grantName,
  grantsOn,
  operationList,
  principal,
  servicePrincipal,
  withGrant,
} from './grants.ts'
import { dryRun, grantTokens, keyId } from './members.ts'
import { shown } from './shown.ts'

/** https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html */
const mostGrants = 50_000
/** Of each constraint. */
const mostPairs = 8
/** Unicode characters. */
const longestValue = 384

const input = structure({
  KeyId: keyId,
  GranteePrincipal: optional(principal),
  RetiringPrincipal: optional(principal),
  Operations: operationList,
  Constraints: optional(constraints),
  GrantTokens: grantTokens,
  Name: optional(grantName),
  DryRun: dryRun,
  GranteeServicePrincipal: optional(servicePrincipal),
  RetiringServicePrincipal: optional(servicePrincipal),
})

/**
 * Gives a principal leave to use a key. With a name, the same request made again finds the grant that it made first, and
 * gets another token for it.
 */
export const createGrant = operation({
  name: 'CreateGrant',
  input,
  output: structure({ GrantToken: string(), GrantId: string() }),
  needs: {
    action: 'kms:CreateGrant',
    crossAccount: true,
    conditions: input => ({
      ...grantIsForAwsResource,
      'kms:GrantConstraintType': constraintTypes(
        input.Constraints?.EncryptionContextEquals !== undefined,
        input.Constraints?.EncryptionContextSubset !== undefined,
      ),
      'kms:GrantConstraintSourceArn': input.Constraints?.SourceArn,
      'kms:GrantOperations': input.Operations,
      'kms:GranteePrincipal': input.GranteePrincipal,
      'kms:RetiringPrincipal': input.RetiringPrincipal,
      'kms:GranteeServicePrincipal': input.GranteeServicePrincipal,
      'kms:RetiringServicePrincipal': input.RetiringServicePrincipal,
    }),
    encryptionContext: ({ Constraints: { EncryptionContextEquals: equals, EncryptionContextSubset: subset } = {} }) =>
      new Map([...(equals ?? []), ...(subset ?? [])]),
    child: input => ({ operations: input.Operations, constraints: readConstraints(input.Constraints) }),
    keys: { key: { identifier: ({ KeyId }) => KeyId, aliases: false, states: enabled } },
  },
  audit: {
    readOnly: false,
    parameters: request =>
      shown(
        request,
        'KeyId',
        'GranteePrincipal',
        'GranteeServicePrincipal',
        'RetiringPrincipal',
        'RetiringServicePrincipal',
        'Operations',
        'Constraints',
        'Name',
      ),
  },
  async handle({ keys: { key }, caller, now, view, seal }, request) {
    requirePrincipals(request)
    requireOperations(key, request.Operations)
    requireConstraints(key, request.Constraints)
    const principals = await bind(
      view,
      [request.GranteePrincipal, request.RetiringPrincipal].filter(arn => arn !== undefined),
    )
    const wanted = {
      ...readGrant(key, request),
      issuingAccount: caller.account,
      createdAt: now,
      ...(principals.length > 0 && { principals }),
    }
    const id = wanted.name === undefined ? encodeHex(random(32)) : namedGrantId(seal, wanted)
    const there = await view.get('grant', grantRow(key.account, key.region, key.id, id))
    const grant = there ?? { ...wanted, id }
    if (!there && grantsOn(key) >= mostGrants) {
      throw kmsError('LimitExceededException', `A key can have ${mostGrants} grants, and ${keyArn(key)} has them.`)
    }
    return {
      output: { GrantToken: makeGrantToken(seal, grant), GrantId: id },
      changes: there ? [] : await withGrant(view, key, grant),
      recorded: { grantId: id, keyId: keyArn(key) },
    }
  },
})

type Request = Infer<typeof input>

const invalid = (message: string): KmsError => kmsError('ValidationException', message)

/** @throws ValidationException, InvalidArnException */
function requirePrincipals(request: Request): void {
  const { GranteePrincipal, GranteeServicePrincipal, RetiringPrincipal, RetiringServicePrincipal } = request
  if ((GranteePrincipal === undefined) === (GranteeServicePrincipal === undefined)) {
    throw invalid('You must specify either GranteePrincipal or GranteeServicePrincipal, but not both.')
  }
  if (RetiringPrincipal !== undefined && RetiringServicePrincipal !== undefined) {
    throw invalid('You can specify either RetiringPrincipal or RetiringServicePrincipal, but not both.')
  }
  if (GranteeServicePrincipal !== undefined) {
    if (request.Constraints?.SourceArn === undefined) {
      throw invalid('You must specify a SourceArn grant constraint with GranteeServicePrincipal.')
    }
    if (RetiringPrincipal === undefined && RetiringServicePrincipal === undefined) {
      throw invalid('You must specify RetiringPrincipal or RetiringServicePrincipal with GranteeServicePrincipal.')
    }
  }
  for (const arn of [GranteePrincipal, RetiringPrincipal]) if (arn !== undefined) requirePrincipal(arn)
}

/** @throws ValidationException for none, or for what the key cannot do */
function requireOperations(key: Key, operations: readonly GrantOperation[]): void {
  if (operations.length === 0) throw invalid('You must specify at least one operation.')
  // In the service's words, seen in 2019; a grant of grants that allow nothing else is of no use.
  if (operations.every(name => name === 'CreateGrant')) {
    throw invalid('Grants must not contain only the CreateGrant operation.')
  }
  const { type } = keySpecs[key.spec]
  const impossible = operations.find(name => !isGrantable(name, type, key.usage))
  if (impossible === undefined) return
  throw invalid(
    `The operation ${impossible} cannot be granted on ${keyArn(key)}: its key spec is ${key.spec} and its key usage ${key.usage}.`,
  )
}

/** @throws ValidationException */
function requireConstraints(key: Key, limits: Request['Constraints']): void {
  for (const name of ['EncryptionContextEquals', 'EncryptionContextSubset'] as const) {
    const pairs = limits?.[name]
    if (!pairs) continue
    if (keySpecs[key.spec].type !== 'symmetric') {
      throw invalid(
        `${name} is supported only for symmetric encryption keys; the key spec of ${keyArn(key)} is ${key.spec}.`,
      )
    }
    if (pairs.size > mostPairs) throw invalid(`${name} can have at most ${mostPairs} pairs.`)
    for (const value of pairs.values()) {
      if (Array.from(value).length > longestValue) {
        throw invalid(`A value in ${name} can have at most ${longestValue} characters.`)
      }
    }
  }
}

function readGrant(key: Key, request: Request): Omit<Grant, 'id' | 'createdAt' | 'issuingAccount'> {
  const { Name, GranteePrincipal, GranteeServicePrincipal, RetiringPrincipal, RetiringServicePrincipal } = request
  const limits = readConstraints(request.Constraints)
  return {
    account: key.account,
    region: key.region,
    keyId: key.id,
    ...(Name !== undefined && { name: Name }),
    ...(GranteePrincipal !== undefined && { granteePrincipal: GranteePrincipal }),
    ...(GranteeServicePrincipal !== undefined && { granteeServicePrincipal: GranteeServicePrincipal }),
    ...(RetiringPrincipal !== undefined && { retiringPrincipal: RetiringPrincipal }),
    ...(RetiringServicePrincipal !== undefined && { retiringServicePrincipal: RetiringServicePrincipal }),
    operations: [...request.Operations],
    ...(Object.keys(limits).length > 0 && { constraints: limits }),
  }
}

function readConstraints(limits: Request['Constraints']): GrantConstraints {
  const { EncryptionContextEquals, EncryptionContextSubset, SourceArn } = limits ?? {}
  return {
    ...(EncryptionContextEquals && { encryptionContextEquals: [...EncryptionContextEquals] }),
    ...(EncryptionContextSubset && { encryptionContextSubset: [...EncryptionContextSubset] }),
    ...(SourceArn !== undefined && { sourceArn: SourceArn }),
  }
}
