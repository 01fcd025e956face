import { allow, userWith } from '../../packages/server/test/support/identities.ts'
import type { Credentials } from '../../packages/server/test/support/server.ts'
import { openAccessStage } from './access.ts'
import { suiteOfPython, type Stage } from './support.ts'

/** For boto3.client(). */
const asArguments = ({ accessKeyId, secretAccessKey, sessionToken }: Credentials) => ({
  aws_access_key_id: accessKeyId,
  aws_secret_access_key: secretAccessKey,
  ...(sessionToken !== undefined && { aws_session_token: sessionToken }),
})

async function open(): Promise<Stage> {
  const { server, expired, close, ...more } = await openAccessStage('boto3')
  const stranger = await userWith(server, { name: 'stranger', account: '111122223333' }, allow('*'))
  const told = { ...more, expired: asArguments(expired), stranger: asArguments(stranger) }
  const { address, app } = server
  return { target: { address, credentials: app.credentials, environment: { STAGE: JSON.stringify(told) } }, close }
}

await suiteOfPython('who may do what, with boto3', 'boto3_access_checks.py', ['boto3'], open)
