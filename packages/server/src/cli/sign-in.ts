import type { Config } from '../config.ts'

/**
 * What makes AWS's tools call this server as its administrator. One endpoint serves KMS and STS.
 *
 * @param address of the server; undefined if it is not known yet
 */
export function signInVariables(
  { regions: [region = 'us-east-1'] }: Config,
  credentials: string,
  address: string | undefined,
): Record<string, string> {
  return {
    AWS_SHARED_CREDENTIALS_FILE: credentials,
    AWS_REGION: region,
    // Version 1 of the AWS CLI and boto3 read this one alone.
    AWS_DEFAULT_REGION: region,
    ...(address !== undefined && { AWS_ENDPOINT_URL: address }),
  }
}

/** Of these, any would win over a credentials file. */
const stronger = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_ENDPOINT_URL_KMS',
]

/** Commands for a POSIX shell, one an element. */
export function signInLines(
  variables: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const obstacles = stronger.filter(name => environment[name])
  return [
    ...(obstacles.length > 0 ? [`unset ${obstacles.join(' ')}`] : []),
    ...Object.entries(variables).map(([name, value]) => `export ${name}=${shellWord(value)}`),
  ]
}

/** One word for a shell, quoted if need be. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** The address for clients on this machine: that a server listens on every address is no address to call. */
export function callableAddress(address: string): string {
  return address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

/**
 * Where the console is.
 *
 * @param code of a link that signs in there. It stands where browsers send it to no server, and no log has it
 */
export const consoleAddress = (address: string, code?: string): string =>
  `${address.replace(/\/$/, '')}/console/${code === undefined ? '' : `#/sign-in/${code}`}`

/** What a server with this configuration would listen on; undefined if it will take any free port. */
export function configuredAddress({ host, port, basePath, tls }: Config): string | undefined {
  if (port === 0) return undefined
  const scheme = tls.certificate === undefined ? 'http' : 'https'
  return callableAddress(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${basePath}`)
}
