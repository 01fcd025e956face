import { useMemo } from 'react'
import { useLocation } from 'wouter'
import { useSession } from '../api/session.ts'

/** Where each page is: behind the `#`, below the Region that it shows. */
const pathsIn = (region: string) => {
  const at = (...parts: string[]): string => `/${[region, ...parts].map(encodeURIComponent).join('/')}`
  return {
    keys: at('keys'),
    createKey: at('keys', 'create'),
    key: (id: string, tab?: KeyTab) => at('keys', id, ...(tab === undefined ? [] : [tab])),
    /** Step by step from the wrapping key on. */
    importMaterial: (id: string) => at('keys', id, 'import'),
    keyStores: at('key-stores'),
    users: at('users'),
    user: (name: string) => at('users', name),
    groups: at('groups'),
    group: (name: string) => at('groups', name),
    roles: at('roles'),
    role: (name: string) => at('roles', name),
    providers: at('identity-providers'),
    provider: (arn: string) => at('identity-providers', arn),
    policies: at('policies'),
    policy: (arn: string) => at('policies', arn),
    simulator: at('simulator'),
    /** Why a request was denied. */
    denial: (requestId: string) => at('denials', requestId),
    audit: at('audit'),
  }
}
export type Places = ReturnType<typeof pathsIn>

export const keyTabs = [
  'policy',
  'cryptography',
  'material',
  'public-key',
  'grants',
  'tags',
  'aliases',
  'regionality',
  'activity',
  'access',
  'code',
  'try',
] as const
export type KeyTab = (typeof keyTabs)[number]

/** The Region that the page shows: that of its address, or the first of the server. */
export function useRegion(): string {
  const { regions } = useRegions()
  const [location] = useLocation()
  const named = decodeURIComponent(location.split('/', 2)[1] ?? '')
  return regions.includes(named) ? named : (regions[0] ?? '')
}

export function useRegions(): { regions: readonly string[] } {
  return { regions: useSession().server.Regions }
}

/** Addresses for wouter; with `#` in front of them, those of links. */
export function usePlaces(): Places {
  const region = useRegion()
  return useMemo(() => pathsIn(region), [region])
}
/** The same in another Region. */
export const placesIn = pathsIn

export const href = (place: string): string => `#${place}`
