import { useInfiniteQuery, type InfiniteData } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import type { ApiError } from '../../api/client.ts'
import { useApi } from '../../api/hooks.ts'
import type { IamInput, IamName, IamOutput } from '../../api/types.ts'

/** What a list of IAM holds, as far as it has come. */
export interface List<Item> {
  items: readonly Item[]
  /** The first page has not come yet. */
  isLoading: boolean
  /** Nothing is missing any more. */
  isComplete: boolean
  error: ApiError | null
  refetch: () => unknown
}

type ItemOf<Output, Member extends keyof Output> =
  NonNullable<Output[Member]> extends readonly (infer Item)[] ? Item : never

interface Page {
  IsTruncated?: boolean
  Marker?: string
}

/** As many as IAM gives at once. */
const most = 1000

/** All pages of a list, one after the other, so that the first can be looked at while the others come. */
export function useIamList<Name extends IamName, Member extends keyof IamOutput<Name>>(
  name: Name,
  input: IamInput<Name>,
  member: Member,
  { enabled = true }: { enabled?: boolean } = {},
): List<ItemOf<IamOutput<Name>, Member>> {
  const api = useApi()
  const query = useInfiniteQuery<
    IamOutput<Name>,
    ApiError,
    InfiniteData<IamOutput<Name>>,
    readonly unknown[],
    string | undefined
  >({
    queryKey: ['iam', name, input, 'all'],
    queryFn({ pageParam: Marker }) {
      const page = { MaxItems: most, ...(Marker !== undefined && { Marker }) }
      return api.iam(name, { ...(input as object), ...page } as IamInput<Name>) // All lists of IAM have both.
    },
    initialPageParam: undefined,
    getNextPageParam(page) {
      const { IsTruncated, Marker } = page as Page // As above.
      return IsTruncated ? Marker : undefined
    },
    enabled,
  })
  const { data, error, hasNextPage, isFetching, isPending, fetchNextPage, refetch } = query
  useEffect(() => {
    if (hasNextPage && !isFetching && !error) void fetchNextPage()
  }, [hasNextPage, isFetching, error, fetchNextPage])
  const items = useMemo(() => (data?.pages ?? []).flatMap(page => (page[member] ?? []) as unknown[]), [data, member])
  return {
    items: items as ItemOf<IamOutput<Name>, Member>[], // That is what the member holds.
    isLoading: isPending && !error,
    isComplete: data !== undefined && !hasNextPage,
    error,
    refetch,
  }
}

/** Who can have policies. */
export interface Holder {
  kind: 'User' | 'Role' | 'Group'
  name: string
}

/** An input that names it: `UserName`, `RoleName` or `GroupName`, as the operation of that kind has it. */
export const on = <Input extends object>(
  { kind, name }: Holder,
  input: Input,
): Input & { UserName: string; RoleName: string; GroupName: string } =>
  ({ ...input, [`${kind}Name`]: name }) as Input & { UserName: string; RoleName: string; GroupName: string } // And no other.

/** Documents of policies are percent-encoded in IAM's answers. */
export function decodeDocument(text: string | undefined): string {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    return text ?? ''
  }
}

/** With line breaks, if it is JSON. */
export function prettyDocument(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

export const isServicePolicy = (arn: string): boolean => arn.startsWith('arn:aws:iam::aws:')

/** The last part of an ARN, such as the name of a policy behind its path. */
export const nameIn = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1)

/** What the names of users, groups, roles and policies are made of. */
export const isName = (text: string, most: number): boolean => text.length <= most && /^[\w+=,.@-]+$/.test(text)

/** `/`, or names between slashes. */
export const isPath = (text: string): boolean => /^(?:\/|\/[!-~]+\/)$/.test(text) && text.length <= 512
