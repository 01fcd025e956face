import assert from 'node:assert/strict'
import { IAMServiceException } from '@aws-sdk/client-iam'
import { KMSServiceException } from '@aws-sdk/client-kms'
import { STSServiceException } from '@aws-sdk/client-sts'

/** The members of an answer, without what the client says about the call. */
export async function membersOf<T extends { $metadata: unknown }>(call: Promise<T>): Promise<Omit<T, '$metadata'>> {
  const { $metadata: _, ...members } = await call
  return members
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/**
 * Asserts that a call is refused with this code and exactly this text; without one if it is left out. Of KMS every client
 * fault has status 400, whatever the client's model says.
 */
export async function refused(call: Promise<unknown>, code: string, text?: string, status = 400): Promise<void> {
  const error = await refusalOf(call)
  assert.deepEqual(
    { code: error.name, text: error.message, status: error.$metadata.httpStatusCode },
    { code, text: text ?? noText, status },
  )
  assert.match(error.$metadata.requestId ?? '', uuid)
}

/** What the client says when the body of a refusal has no member for a text. */
export const noText = 'UnknownError'

type Refusal = IAMServiceException | KMSServiceException | STSServiceException

const isRefusal = (error: unknown): error is Refusal =>
  error instanceof KMSServiceException || error instanceof IAMServiceException || error instanceof STSServiceException

export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  try {
    await call
  } catch (error) {
    if (isRefusal(error)) return error
    throw error
  }
  assert.fail('the call was not refused')
}

/** `OK`, or the code of the refusal. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'OK'
  } catch (error) {
    if (isRefusal(error)) return error.name
    throw error
  }
}

/** The ValidationException about one broken constraint of the model; without a value for what must not be quoted. */
export const constraint = (member: string, value: string | null | undefined, rule: string): string => {
  const shown = value === null ? 'Value null' : value === undefined ? 'Value' : `Value '${value}'`
  return `1 validation error detected: ${shown} at '${member}' failed to satisfy constraint: Member must ${rule}`
}

/** What the audit record of something that the service did by itself has, beside what it did, when and where. */
export const serviceEvent = (arn: string) => ({
  eventVersion: '1.11',
  userIdentity: { accountId: '000000000000', invokedBy: 'AWS Internal' },
  eventSource: 'kms.amazonaws.com',
  awsRegion: 'us-east-1',
  sourceIPAddress: 'AWS Internal',
  userAgent: 'AWS Internal',
  requestParameters: null,
  responseElements: null,
  readOnly: false,
  resources: [{ accountId: '000000000000', type: 'AWS::KMS::Key', ARN: arn }],
  eventType: 'AwsServiceEvent',
  managementEvent: true,
  recipientAccountId: '000000000000',
  eventCategory: 'Management',
})
