import { noKeys, operation } from '../../operation.ts'
import { boolean, integer, list, oneOf, optional, string, structure, timestamp } from '../../protocol/shape.ts'

/** What the console must know of this server, and of who is signed in. */
export const describeConsole = operation({
  name: 'DescribeConsole',
  service: 'keyreeve',
  input: structure({}),
  output: structure({
    Account: string(),
    Arn: string(),
    UserName: optional(string()),
    /** Whether it is the account that can make others. */
    IsFirstAccount: boolean(),
    Regions: list(string()),
    /** Whether RSAES_PKCS1_V1_5 may wrap material. */
    Pkcs1v15: oneOf(['allow', 'refuse']),
    /** How many root certificates vouch for enclaves. */
    AttestationRoots: integer(),
    /** Of Keyreeve. */
    Version: string(),
    /** Of temporary credentials. */
    SessionExpiration: optional(timestamp()),
  }),
  needs: { action: null, keys: noKeys },
  audit: { readOnly: true, parameters: () => null },
  handle({ caller, settings }) {
    const { account, arn, userName, session } = caller
    const { account: first, regions, pkcs1v15, attestationRoots, version } = settings
    return {
      output: {
        Account: account,
        Arn: arn,
        ...(userName !== undefined && { UserName: userName }),
        IsFirstAccount: account === first,
        Regions: regions,
        Pkcs1v15: pkcs1v15,
        AttestationRoots: attestationRoots.length,
        Version: version,
        ...(session && { SessionExpiration: new Date(session.expiresAt) }),
      },
    }
  },
})
