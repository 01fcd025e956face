import Autosuggest, { type AutosuggestProps } from '@cloudscape-design/components/autosuggest'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useApi } from '../../api/hooks.ts'
import type { ApiError } from '../../api/client.ts'
import type { KeySummary } from '../../api/types.ts'
import { useT } from '../../i18n/index.tsx'
import { useRegion } from '../../ui/places.ts'
import { usePrincipals, type Principal } from '../../ui/policy-principals.tsx'

/** Inputs that suggest what the account has, and take whatever else is typed. */

/** More pages than these are not suggested; what is in them can be typed. */
const mostPages = 5

function useKeySuggestions(isWanted: boolean) {
  const api = useApi()
  const region = useRegion()
  return useQuery<KeySummary[], ApiError>({
    queryKey: ['key-suggestions', region],
    enabled: isWanted,
    staleTime: 60_000,
    async queryFn() {
      const keys: KeySummary[] = []
      let marker: string | undefined
      for (let page = 0; page === 0 || (marker !== undefined && page < mostPages); page++) {
        const { Keys, NextMarker } = await api.keyreeve('ListKeySummaries', {
          Limit: 1000,
          ...(marker !== undefined && { Marker: marker }),
        })
        keys.push(...Keys)
        marker = NextMarker
      }
      return keys
    },
  })
}

interface InputProps {
  value: string
  onChange: (value: string) => void
  placeholder?: string
  isInvalid?: boolean
}

/** A user or a role, by ARN. */
export function PrincipalInput(props: InputProps): ReactNode {
  const t = useT()
  const [isWanted, setWanted] = useState(false)
  const { users, roles } = usePrincipals(isWanted)
  const of = (principals: readonly Principal[] = []): AutosuggestProps.Option[] =>
    principals.map(({ arn, name }) => ({ value: arn, label: name, description: arn }))
  const groups = [
    { label: t('access.users'), options: of(users.data) },
    { label: t('access.roles'), options: of(roles.data) },
  ].filter(({ options }) => options.length > 0)
  // Who may see only one of the two lists gets that one.
  const error = users.error && roles.error ? users.error : null
  return (
    <Suggesting
      {...props}
      query={{
        isLoading: isWanted && [users, roles].some(list => list.data === undefined && !list.error),
        error,
        refetch: () => void Promise.all([users.refetch(), roles.refetch()]),
      }}
      options={groups}
      empty={t('access.noIdentities')}
      onWanted={() => setWanted(true)}
    />
  )
}

/** A key, by id; alias names and ARNs can be typed. */
export function KeyInput(props: InputProps): ReactNode {
  const t = useT()
  const [isWanted, setWanted] = useState(false)
  const query = useKeySuggestions(isWanted)
  const options = (query.data ?? []).map(({ KeyId, Aliases = [], Description = '' }) => ({
    value: KeyId,
    label: Aliases[0] ?? KeyId,
    ...(Aliases.length > 0 ? { description: KeyId } : Description !== '' && { description: Description }),
    filteringTags: [...Aliases, Description],
  }))
  return (
    <Suggesting
      {...props}
      query={query}
      options={options}
      empty={t('access.noKeys')}
      onWanted={() => setWanted(true)}
    />
  )
}

/** Suggestions that are known from the start. */
export function ListedInput({ listed, ...props }: InputProps & { listed: readonly string[] }): ReactNode {
  const options = listed.map(value => ({ value }))
  return <Suggesting {...props} options={options} />
}

function Suggesting({
  value,
  onChange,
  placeholder,
  isInvalid = false,
  options,
  query,
  empty,
  onWanted,
}: InputProps & {
  options: AutosuggestProps.Options
  query?: { isLoading: boolean; error: ApiError | null; refetch: () => unknown }
  empty?: string
  onWanted?: () => void
}): ReactNode {
  const t = useT()
  const statusType = query?.isLoading ? 'loading' : query?.error ? 'error' : 'finished'
  return (
    <Autosuggest
      value={value}
      options={options}
      {...(placeholder !== undefined && { placeholder })}
      invalid={isInvalid}
      virtualScroll
      statusType={statusType}
      loadingText={t('common.loading')}
      errorText={t('access.suggestionsFailed', { code: query?.error?.code ?? '' })}
      {...(empty !== undefined && { empty })}
      clearAriaLabel={t('access.clear')}
      onFocus={() => onWanted?.()}
      onLoadItems={() => {
        onWanted?.()
        if (query?.error) void query.refetch()
      }}
      onChange={({ detail }) => onChange(detail.value)}
    />
  )
}
