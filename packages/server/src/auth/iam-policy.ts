import { malformed, type Dialect } from './dialects.ts'
import type { ParsedPolicy, Statement } from './policy.ts'
import { parseDate } from './values.ts'

/** IAM's checks, in its words (public reports, 2018 to 2026): what can mean nothing is a mistake. */
export function requireIamPolicy({ statements }: ParsedPolicy, dialect: Dialect): void {
  for (const statement of statements) requireIamStatement(statement, dialect)
  const sids = statements.flatMap(({ sid }) => (sid === undefined || sid === '' ? [] : [sid]))
  if (new Set(sids).size < sids.length) throw malformed(dialect.doubledSids)
}

function requireIamStatement(statement: Statement, dialect: Dialect): void {
  const { sid, principals, actions, resources, conditions } = statement
  if (principals?.not) throw malformed('AssumeRole policy must not contain NotPrincipal field.')
  if (sid !== undefined && !/^[0-9A-Za-z]*$/.test(sid)) {
    throw malformed(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    )
  }
  if (conditions.some(({ operator, values }) => operator.startsWith('Date') && !values.every(isDate))) {
    throw malformed(legacy)
  }
  if (!actions) throw malformed(dialect.noActions)
  for (const action of actions.items) requireAction(action)
  if (dialect.resources === 'required') {
    if (!resources) throw malformed('Policy statement must contain resources.')
    for (const resource of resources.items) requireResource(resource)
    return
  }
  if (resources) throw malformed('Has prohibited field Resource')
  if (!actions.items.every(action => action.toLowerCase().startsWith('sts:'))) {
    throw malformed('AssumeRole policy may only specify STS AssumeRole actions.')
  }
}

const legacy = 'The policy failed legacy parsing'
const isDate = (value: string): boolean => parseDate(value) !== undefined

function requireAction(action: string): void {
  if (action === '*') return
  const [vendor = '', name, ...more] = action.split(':')
  if (name === undefined) {
    throw malformed('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.')
  }
  if (more.length > 0) throw malformed('Actions/Condition can contain only one colon.')
  if (vendor !== '*' && !/^[a-zA-Z0-9.-]+$/.test(vendor)) throw malformed(`Vendor ${vendor} is not valid`)
}

function requireResource(resource: string): void {
  if (resource === '*') return
  if (!resource.startsWith('arn:')) throw malformed(`Resource ${resource} must be in ARN format or "*".`)
  const [, partition = '', service, region = '', ...rest] = resource.split(':')
  if (partition !== 'aws') throw malformed(`Partition "${partition}" is not valid for resource "${resource}".`)
  if (service === undefined || /[*?]/.test(service)) {
    throw malformed('Resource vendor must be fully qualified and cannot contain regexes.')
  }
  if (service === '' || (rest.length < 2 && resource.includes('::'))) throw malformed(legacy)
  if (service === 'iam' && region !== '') {
    throw malformed(`IAM resource ${resource} cannot contain region information.`)
  }
}
