import type { StatementTrace, Trace } from '../../auth/access.ts'
import { statementText } from '../../auth/explain-text.ts'
import { boolean, integer, list, oneOf, optional, string, structure, type Infer } from '../../protocol/shape.ts'

/** A decision with everything that was looked at, as answers have it. */
export const trace = structure({
  Decision: oneOf(['allow', 'explicit deny', 'implicit deny']),
  /** In one sentence; for a denial, what would have to change. */
  Reason: string(),
  Principal: string(),
  Action: string(),
  Resource: string(),
  /** For a resource of another account: whose policies these are, which alone decide here. */
  Side: optional(oneOf(['caller', 'owner'])),
  Policies: list(
    structure({
      Layer: oneOf(['identity', 'boundary', 'session', 'resource']),
      Policy: string(),
      Statements: list(
        structure({
          /** Its Sid, or its number. */
          Statement: string(),
          Effect: oneOf(['Allow', 'Deny']),
          Applies: boolean(),
          /** All that follows in one phrase. */
          Text: string(),
          Match: optional(oneOf(['direct', 'role', 'account'])),
          Failed: optional(
            structure({ Element: string(), Values: list(string()), Resolved: optional(list(string())) }),
          ),
          Conditions: optional(
            list(
              structure({
                Operator: string(),
                Key: string(),
                Values: list(string()),
                Resolved: optional(list(string())),
                Actual: list(string()),
                Fault: optional(oneOf(['malformed', 'ambiguous'])),
              }),
            ),
          ),
        }),
      ),
    }),
  ),
  Grants: list(structure({ GrantId: string(), Allows: boolean(), Failed: optional(string()) })),
  /** How many statements and grants are left out, since there are too many. */
  Omitted: optional(integer()),
})

export function describeTrace(of: Trace): Infer<typeof trace> {
  return {
    Decision: of.decision,
    Reason: of.reason,
    Principal: of.principal,
    Action: of.action,
    Resource: of.resource,
    ...(of.side && { Side: of.side }),
    Policies: of.policies.map(({ layer, policy, statements }) => ({
      Layer: layer,
      Policy: policy,
      Statements: statements.map(describeStatement),
    })),
    Grants: of.grants.map(({ grantId, allows, failed }) => ({
      GrantId: grantId,
      Allows: allows,
      ...(failed !== undefined && { Failed: failed }),
    })),
    ...(of.omitted !== undefined && { Omitted: of.omitted }),
  }
}

function describeStatement(of: StatementTrace) {
  const { statement, effect, applies, match, failed, conditions } = of
  return {
    Statement: statement,
    Effect: effect,
    Applies: applies,
    Text: statementText(of),
    ...(match && { Match: match }),
    ...(failed && { Failed: { Element: failed.element, Values: failed.values, ...resolved(failed) } }),
    ...(conditions && {
      Conditions: conditions.map(condition => ({
        Operator: condition.operator,
        Key: condition.key,
        Values: condition.values,
        ...resolved(condition),
        Actual: condition.actual,
        ...(condition.fault && { Fault: condition.fault }),
      })),
    }),
  }
}

const resolved = ({ resolved: texts }: { resolved?: string[] }) => (texts ? { Resolved: texts } : {})
