import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { ApiError, type Api } from '../api/client.ts'
import { useApi } from '../api/hooks.ts'
import type { Trace } from '../api/types.ts'
import { nameIn, parseArn } from './arns.ts'

/** A statement that a trace names, as its policy has it now; null if it is not there any more, or where nobody can read it. */
export function useStatementSource(
  { Principal, Resource }: Pick<Trace, 'Principal' | 'Resource'>,
  policy: string,
  statement: string,
): UseQueryResult<string | null, ApiError> {
  const resource = parseArn(Resource)
  const api = useApi(resource?.region === '' ? undefined : resource?.region)
  return useQuery<string | null, ApiError>({
    queryKey: ['statement', Principal, Resource, policy, statement],
    queryFn: async () => pick(await readPolicy(api, Principal, Resource, policy), statement),
  })
}

/** @param policy as traces name it */
async function readPolicy(api: Api, principal: string, resource: string, policy: string): Promise<string | undefined> {
  if (policy === 'the key policy') return (await api.kms('GetKeyPolicy', { KeyId: resource })).Policy
  const [, trusting] = /^the trust policy of (\S+)$/.exec(policy) ?? []
  if (trusting !== undefined) {
    return decode((await api.iam('GetRole', { RoleName: trusting })).Role?.AssumeRolePolicyDocument)
  }
  const [, PolicyName, holder] = /^inline policy (\S+) of (\S+)$/.exec(policy) ?? []
  if (PolicyName !== undefined && holder !== undefined) return await readInline(api, principal, PolicyName, holder)
  if (!policy.startsWith('arn:')) return undefined
  const { Policy } = await api.iam('GetPolicy', { PolicyArn: policy })
  const version = { PolicyArn: policy, VersionId: Policy?.DefaultVersionId }
  return decode((await api.iam('GetPolicyVersion', version)).PolicyVersion?.Document)
}

/** Of the principal, or of a group that it is in. */
async function readInline(
  api: Api,
  principal: string,
  PolicyName: string,
  holder: string,
): Promise<string | undefined> {
  const arn = parseArn(principal)
  if (arn && nameIn(arn) === holder) {
    if (!arn.resource.startsWith('user/')) {
      return decode((await api.iam('GetRolePolicy', { RoleName: holder, PolicyName })).PolicyDocument)
    }
    try {
      return decode((await api.iam('GetUserPolicy', { UserName: holder, PolicyName })).PolicyDocument)
    } catch (error) {
      // A group may be called as its member is.
      if (!(error instanceof ApiError) || error.code !== 'NoSuchEntity') throw error
    }
  }
  return decode((await api.iam('GetGroupPolicy', { GroupName: holder, PolicyName })).PolicyDocument)
}

/** IAM answers documents as they are in URLs. */
const decode = (text: string | undefined): string | undefined => (text === undefined ? text : decodeURIComponent(text))

/** @param statement its Sid, or its number from 1 */
function pick(document: string | undefined, statement: string): string | null {
  if (document === undefined) return null
  const { Statement } = JSON.parse(document) as { Statement?: unknown } // The server keeps no policy that is none.
  const statements = Array.isArray(Statement) ? (Statement as unknown[]) : [Statement]
  const found =
    statements.find(item => (item as { Sid?: unknown } | null)?.Sid === statement) ?? statements[Number(statement) - 1]
  return found === undefined ? null : JSON.stringify(found, null, 2)
}
