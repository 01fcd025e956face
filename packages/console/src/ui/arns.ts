import { useSession } from '../api/session.ts'
import { placesIn, useRegion } from './places.ts'

export interface Arn {
  service: string
  region: string
  account: string
  /** Such as `key/1234...` or `user/path/name`. */
  resource: string
}

/** Undefined if the text is none. */
export function parseArn(text: string): Arn | undefined {
  const [arn, , service, region, account, ...resource] = text.split(':')
  if (arn !== 'arn' || service === undefined || region === undefined || account === undefined) return undefined
  return { service, region, account, resource: resource.join(':') }
}

/** The name of a user or a role, of a session that of its role; the id of a key; else all that the ARN is of. */
export function nameIn({ service, resource }: Arn): string {
  const parts = resource.split('/')
  if (service === 'sts') return parts[1] ?? resource
  return parts[0] === 'alias' ? resource : (parts.at(-1) ?? resource)
}

/** How people call what an ARN names: without partition, service and account. */
export function shortName(text: string): string {
  const arn = parseArn(text)
  if (!arn) return text
  const isNamed = /^(?:user|role|key|assumed-role)\//.test(arn.resource)
  return isNamed ? (arn.resource.startsWith('assumed-role/') ? arn.resource : nameIn(arn)) : arn.resource || text
}

/** Finds the page of what an ARN names, if the console has one: of this account alone. */
export function usePlaceOf(): (arn: string) => string | undefined {
  const here = useRegion()
  const { account, server } = useSession()
  return text => {
    const arn = parseArn(text)
    if (!arn) return undefined
    const { service, region, resource } = arn
    const places = placesIn(region === '' ? here : region)
    const kind = `${service}:${resource.split('/', 1)[0]}`
    if (kind === 'iam:policy') return places.policy(text)
    if (arn.account !== account) return undefined
    if (kind === 'kms:key') return server.Regions.includes(region) ? places.key(nameIn(arn)) : undefined
    if (kind === 'iam:user') return places.user(nameIn(arn))
    return kind === 'iam:role' || kind === 'sts:assumed-role' ? places.role(nameIn(arn)) : undefined
  }
}
