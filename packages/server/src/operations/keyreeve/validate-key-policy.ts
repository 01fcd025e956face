import { randomUUID } from 'node:crypto'
import { compileParsed } from '../../auth/compile.ts'
import type { ParsedPolicy } from '../../auth/policy.ts'
import { lintKeyPolicy, type LintFinding } from '../../auth/policy-lint.ts'
import { identityByArn } from '../../by-name.ts'
import type { Key } from '../../keys/key.ts'
import { anyState } from '../../keys/states.ts'
import { operation, type Context } from '../../operation.ts'
import { keyArn, splitArn } from '../../protocol/arn.ts'
import { KmsError } from '../../protocol/errors.ts'
import { boolean, integer, list, oneOf, optional, requireFit, secret, string, structure } from '../../protocol/shape.ts'
import { identityRow, type View } from '../../store/documents.ts'
import { namedIn } from '../bound-principals.ts'
import { newKey } from '../create-key.ts'
import { keyId, policy } from '../members.ts'
import { lockedOut, readNewPolicy, type NewPolicy } from '../policy-rules.ts'
import { shown } from '../shown.ts'
import { knownActions } from './actions.ts'
import { onKey } from './simulated.ts'

/** As requests are checked, but that no text quotes it. */
const fitting = structure({ Policy: secret(policy) })

/**
 * What would come of a key policy, without putting it: the error with which PutKeyPolicy (with KeyId) or CreateKey would refuse
 * it from this very caller, and what is allowed but probably not meant. Nothing is told of principals of other accounts. A key
 * that is to be made is taken for a symmetric one.
 */
export const validateKeyPolicy = operation({
  name: 'ValidateKeyPolicy',
  service: 'keyreeve',
  input: structure({
    /** Whatever is wrong with it is a finding. */
    Policy: string(),
    /** The key that it is for: id, ARN, alias name or alias ARN. Without it a key that is to be made. */
    KeyId: optional(keyId),
  }),
  output: structure({
    /** Whether it would be accepted: no finding is an error. */
    Valid: boolean(),
    Findings: list(
      structure({
        Severity: oneOf(['ERROR', 'WARNING', 'SUGGESTION']),
        /** Of an error, the code of the refusal. */
        Code: string(),
        Message: string(),
        /** Number of the statement that is meant, from 0. */
        Statement: optional(integer()),
        Sid: optional(string()),
      }),
    ),
    /** Whether the caller could put another one afterwards; false of what is no policy. */
    SafeFromLockOut: boolean(),
  }),
  needs: {
    action: 'keyreeve:ValidateKeyPolicy',
    keys: {
      key: { action: null, identifier: input => input.KeyId, optional: true, aliases: true, states: anyState },
    },
    // What policies are judged by is what the key is like.
    also: ({ keys }, { KeyId }) => (KeyId === undefined ? [] : [{ action: 'kms:GetKeyPolicy', key: keys.key }]),
  },
  audit: {
    readOnly: true,
    parameters: input => ({ ...shown(input, 'KeyId'), policyLength: input.Policy.length }),
  },
  async handle(context, { KeyId, Policy }) {
    const key = KeyId === undefined ? newKey(context, exampleKey()) : context.keys.key
    const read = await readOrRefuse(context, key, Policy)
    if (read instanceof KmsError) return { output: { Valid: false, Findings: [errorOf(read)], SafeFromLockOut: false } }
    const isSafe = await read.isSafe()
    const findings = await lint(context, key, read)
    return {
      output: {
        Valid: isSafe,
        Findings: [...(isSafe ? [] : [errorOf(lockedOut())]), ...findings.map(found => describe(found, read.parsed))],
        SafeFromLockOut: isSafe,
      },
    }
  },
})

const exampleKey = () =>
  ({ id: randomUUID(), spec: 'SYMMETRIC_DEFAULT', usage: 'ENCRYPT_DECRYPT', origin: 'AWS_KMS' }) as const

async function readOrRefuse(context: Context, key: Key, Policy: string): Promise<NewPolicy | KmsError> {
  try {
    requireFit(fitting, { Policy })
    return await readNewPolicy(key, Policy, context)
  } catch (error) {
    if (error instanceof KmsError) return error
    throw error
  }
}

const errorOf = ({ code, message }: KmsError) => ({ Severity: 'ERROR' as const, Code: code, Message: message })

function describe({ severity, code, message, statement }: LintFinding, { statements }: ParsedPolicy) {
  const sid = statement === undefined ? undefined : statements[statement]?.sid
  return {
    Severity: severity,
    Code: code,
    Message: message,
    ...(statement !== undefined && { Statement: statement }),
    ...(sid !== undefined && { Sid: sid }),
  }
}

async function lint(context: Context, key: Key, read: NewPolicy): Promise<LintFinding[]> {
  const actions = await knownActions()
  const absent = new Set<string>()
  for (const arn of new Set(namedIn(read.parsed))) if (await isAbsent(context.view, key, arn)) absent.add(arn)
  const denied = await deniedToCaller(context, key, read)
  return lintKeyPolicy(read.parsed, { account: key.account, keyArn: keyArn(key), actions, absent, denied })
}

/** Of this account alone: who is in others is not told. */
async function isAbsent(view: View, { account }: Key, arn: string): Promise<boolean> {
  const { account: owner, service, resource = '' } = splitArn(arn) ?? {}
  const [kind, name = ''] = resource.split('/')
  if (owner !== account) return false
  if (service === 'iam' && (kind === 'user' || kind === 'role')) return !(await identityByArn(view, kind, arn))
  return kind === 'assumed-role' && !(await view.get('role', identityRow(account, name)))
}

/** What each statement that denies would deny to the caller, in a request that says nothing of itself; by its number. */
async function deniedToCaller(
  context: Context,
  key: Key,
  { parsed: { version, statements }, principals }: NewPolicy,
): Promise<Map<number, readonly string[]>> {
  const denied = new Map<number, readonly string[]>()
  // Without policies of its own, so that nothing but the statement denies.
  const authority = await context.authority.as(undefined, context.caller)
  const questions = []
  for (const action of (await knownActions()).values()) {
    if (action.isOnKeys) questions.push(await onKey(context, action, key))
  }
  for (const [index, statement] of statements.entries()) {
    if (statement.effect !== 'Deny') continue
    const keyPolicy = compileParsed('key', { version, statements: [statement] }, 'the new key policy', principals)
    const names: string[] = []
    for (const question of questions) {
      const decision = await authority.decide({ ...question, keyPolicy })
      if (!decision.allowed && decision.explicit) names.push(question.action)
    }
    denied.set(index, names)
    await context.pause()
  }
  return denied
}
