import { writeSync } from 'node:fs'
import type { KMS } from '@aws-sdk/client-kms'
import { days, start, TestClock } from '../../packages/server/test/support/server.ts'

/**
 * A server in a process of its own that does, so many times, what takes several rows: `node service.ts <directory> <rounds>`.
 * On the standard output, before the next call, a line for each that was answered: `ack <request id>`.
 */
const [directory = '', rounds = '1'] = process.argv.slice(2)
const clock = new TestClock()
clock.hold()
const server = await start([], { data: directory, clock })
const home = server.client()
const replicas = ['eu-west-1', 'ap-southeast-2'].map(region => server.client({ region }))
const account = 'arn:aws:iam::000000000000:root'

async function acknowledged<T extends { $metadata: { requestId?: string | undefined } }>(call: Promise<T>): Promise<T> {
  const answer = await call
  writeSync(1, `ack ${answer.$metadata.requestId}\n`)
  return answer
}

async function grant(kms: KMS, KeyId: string): Promise<string> {
  const parties = { GranteePrincipal: account, RetiringPrincipal: account }
  return (await acknowledged(kms.createGrant({ KeyId, ...parties, Operations: ['Encrypt'] }))).GrantId ?? ''
}

for (let round = 0; round < Number(rounds); round++) {
  const { KeyMetadata: { KeyId = '' } = {} } = await acknowledged(home.createKey({ MultiRegion: true }))
  for (const ReplicaRegion of ['eu-west-1', 'ap-southeast-2']) {
    await acknowledged(home.replicateKey({ KeyId, ReplicaRegion }))
  }
  await acknowledged(home.enableKeyRotation({ KeyId, RotationPeriodInDays: 90 }))
  const made = await Promise.all([home, home, ...replicas].map(kms => grant(kms, KeyId)))
  for (const [index, kms] of [home, ...replicas].entries()) {
    await acknowledged(kms.createAlias({ AliasName: `alias/${round}-${index}`, TargetKeyId: KeyId }))
  }
  clock.advance(90 * days)
  await server.settle()
  await acknowledged(home.revokeGrant({ KeyId, GrantId: made[0] }))
  await acknowledged(home.updatePrimaryRegion({ KeyId, PrimaryRegion: 'ap-southeast-2' }))
  const store = await acknowledged(
    home.createCustomKeyStore({
      CustomKeyStoreName: `store ${round}`,
      CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
      // Its proxy is not asked before it is connected.
      XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
      XksProxyUriEndpoint: `https://proxy${round}.example`,
      XksProxyUriPath: '/kms/xks/v1',
      XksProxyVpcEndpointServiceName: `com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcde${round % 10}`,
      XksProxyAuthenticationCredential: { AccessKeyId: 'A'.repeat(20), RawSecretAccessKey: 'b'.repeat(43) },
    }),
  )
  await acknowledged(home.deleteCustomKeyStore({ CustomKeyStoreId: store.CustomKeyStoreId }))
  for (const kms of [home, ...replicas]) {
    await acknowledged(kms.scheduleKeyDeletion({ KeyId, PendingWindowInDays: 7 }))
  }
  clock.advance(7 * days)
  await server.settle()
}
await server.close()
