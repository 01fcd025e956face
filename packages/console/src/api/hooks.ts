import {
  keepPreviousData,
  QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query'
import { useMemo } from 'react'
import { useRegion } from '../ui/places.ts'
import { ApiError, makeApi, type Api } from './client.ts'
import { endSession, useSession } from './session.ts'
import type {
  IamInput,
  IamName,
  IamOutput,
  KeyreeveName,
  KeyreeveOperations,
  KmsInput,
  KmsName,
  KmsOutput,
} from './types.ts'

/** What somebody is shown, for as long as it is fresh: one for each who signs in. */
export const makeQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        // What was refused once is refused again; only who got no answer asks once more.
        retry: (count, error) => count < 1 && error instanceof ApiError && error.code === 'NetworkError',
        refetchOnWindowFocus: true,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })

/** Calls signed for the session, in the Region of the page or in another one. */
export function useApi(region?: string): Api {
  const { credentials } = useSession()
  const here = useRegion()
  return useMemo(() => makeApi(credentials, region ?? here, endSession), [credentials, region, here])
}

interface Options {
  enabled?: boolean
  /** Milliseconds between two looks. */
  refetchInterval?: number
  /** Shows what was there before while something else is loaded. */
  keepPrevious?: boolean
  /** In place of that of the page. */
  region?: string
}

const settings = ({ enabled = true, refetchInterval, keepPrevious }: Options) => ({
  enabled,
  ...(refetchInterval !== undefined && { refetchInterval }),
  ...(keepPrevious && { placeholderData: keepPreviousData }),
})

/** What a read operation of KMS answers. All that is shown is read again after each change. */
export function useKms<Name extends KmsName>(
  name: Name,
  input: KmsInput<Name>,
  options: Options = {},
): UseQueryResult<KmsOutput<Name>, ApiError> {
  const region = useRegion()
  const api = useApi(options.region)
  const queryKey = ['kms', options.region ?? region, name, input]
  return useQuery<KmsOutput<Name>, ApiError>({ queryKey, queryFn: () => api.kms(name, input), ...settings(options) })
}

export function useIam<Name extends IamName>(
  name: Name,
  input: IamInput<Name>,
  options: Options = {},
): UseQueryResult<IamOutput<Name>, ApiError> {
  const api = useApi()
  return useQuery<IamOutput<Name>, ApiError>({
    queryKey: ['iam', name, input],
    queryFn: () => api.iam(name, input),
    ...settings(options),
  })
}

export function useKeyreeve<Name extends KeyreeveName>(
  name: Name,
  input: KeyreeveOperations[Name][0],
  options: Options = {},
): UseQueryResult<KeyreeveOperations[Name][1], ApiError> {
  const region = useRegion()
  const api = useApi(options.region)
  return useQuery<KeyreeveOperations[Name][1], ApiError>({
    queryKey: ['keyreeve', options.region ?? region, name, input],
    queryFn: () => api.keyreeve(name, input),
    ...settings(options),
  })
}

/** All pages of a list of KMS or IAM, as one: `next` gives the input of the page behind an answer, or undefined. */
export async function allPages<Input, Output>(
  call: (input: Input) => Promise<Output>,
  first: Input,
  next: (output: Output) => Input | undefined,
): Promise<Output[]> {
  const pages: Output[] = []
  for (let input: Input | undefined = first; input !== undefined;) {
    const page: Output = await call(input)
    pages.push(page)
    input = next(page)
  }
  return pages
}

/** Something that changes what the server has: with it, all that is shown is read again. */
export function useChange<Input = void, Output = unknown>(
  change: (api: Api, input: Input) => Promise<Output>,
  options: { onSuccess?: (output: Output, input: Input) => void; region?: string } = {},
): UseMutationResult<Output, ApiError, Input> {
  const api = useApi(options.region)
  const client = useQueryClient()
  return useMutation<Output, ApiError, Input>({
    mutationFn: input => change(api, input),
    async onSuccess(output, input) {
      options.onSuccess?.(output, input)
      await client.invalidateQueries()
    },
    // Of several requests, those before the one that failed have changed something.
    onError: () => void client.invalidateQueries(),
  })
}
