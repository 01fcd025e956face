import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import RadioGroup from '@cloudscape-design/components/radio-group'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useMemo, type ReactNode } from 'react'
import { useIam } from '../../api/hooks.ts'
import { useT, type MessageName } from '../../i18n/index.tsx'
import { ErrorAlert } from '../../ui/errors.tsx'
import { DocumentField, isDocument } from './document.tsx'
import { Optional, Several } from './fields.tsx'
import { decodeDocument, nameIn, useIamList, type List } from './iam.ts'

/** Who may assume a role, as somebody fills it in. */
export interface Trust {
  by: 'principals' | 'account' | 'web' | 'json'
  /** ARNs of users and roles. */
  principals: readonly string[]
  account: string
  externalId: string
  /** ARN. */
  provider: string
  audience: string
  /** A pattern; empty: any. */
  subject: string
  document: string
}

export function newTrust(account: string): Trust {
  const empty = { principals: [], account, externalId: '', provider: '', audience: '', subject: '' }
  return { ...empty, by: 'principals', document: documentOf({ ...empty, by: 'account', document: '' }) }
}

const infix = ':oidc-provider/'
export const issuerOf = (arn: string): string => arn.slice(arn.indexOf(infix) + infix.length)

/** The trust policy that says so. */
export function documentOf(trust: Trust): string {
  if (trust.by === 'json') return trust.document
  return JSON.stringify({ Version: '2012-10-17', Statement: [statementOf(trust)] }, null, 2)
}

function statementOf({ by, principals, account, externalId, provider, audience, subject }: Trust): object {
  const Effect = 'Allow'
  if (by === 'web') {
    const issuer = issuerOf(provider)
    return {
      Effect,
      Principal: { Federated: provider },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: { [`${issuer}:aud`]: audience.trim() },
        ...(subject.trim() !== '' && { StringLike: { [`${issuer}:sub`]: subject.trim() } }),
      },
    }
  }
  const AWS = by === 'account' ? `arn:aws:iam::${account.trim()}:root` : principals
  return {
    Effect,
    Principal: { AWS },
    Action: 'sts:AssumeRole',
    ...(by === 'account' &&
      externalId.trim() !== '' && { Condition: { StringEquals: { 'sts:ExternalId': externalId.trim() } } }),
  }
}

/** Undefined: nothing is missing. */
export function faultOfTrust({
  by,
  principals,
  account,
  provider,
  audience,
  document,
}: Trust): MessageName | undefined {
  if (by === 'json') return isDocument(document) ? undefined : 'identities.documentNoObject'
  if (by === 'principals') return principals.length === 0 ? 'identities.principalsMissing' : undefined
  if (by === 'account') return /^\d{12}$/.test(account.trim()) ? undefined : 'identities.accountWrong'
  if (provider === '') return 'identities.providerMissing'
  return audience.trim() === '' ? 'identities.audienceMissing' : undefined
}

/** What a trust policy names, as it is written there. */
export function trustedIn(document: string | undefined): string[] {
  try {
    const { Statement } = JSON.parse(decodeDocument(document)) as { Statement?: unknown } // The server keeps no other.
    const statements = (Array.isArray(Statement) ? Statement : [Statement]) as { Principal?: unknown }[]
    const named = statements.flatMap(({ Principal }) =>
      typeof Principal === 'object' && Principal !== null ? Object.values(Principal).flat() : [Principal],
    )
    return [...new Set(named.filter(name => typeof name === 'string'))]
  } catch {
    return []
  }
}

/** A form for those who want one, and the JSON that it makes for the others. */
export function TrustField({
  trust,
  isTried,
  onChange,
}: {
  trust: Trust
  isTried: boolean
  onChange: (trust: Trust) => void
}): ReactNode {
  const t = useT()
  const fault = isTried ? faultOfTrust(trust) : undefined
  const errorText = fault && t(fault)
  // Whoever goes on to the JSON finds there what the form says, if it says something.
  const choose = (by: Trust['by']): void =>
    onChange({ ...trust, by, document: faultOfTrust(trust) ? trust.document : documentOf(trust) })
  const set = (values: Partial<Trust>): void => onChange({ ...trust, ...values })
  return (
    <SpaceBetween size="m">
      <FormField label={t('identities.trustBy')}>
        <RadioGroup
          value={trust.by}
          onChange={({ detail }) => choose(detail.value as Trust['by'])} // The values below.
          items={[
            {
              value: 'principals',
              label: t('identities.trustPrincipals'),
              description: t('identities.trustPrincipalsText'),
            },
            { value: 'account', label: t('identities.trustAccount'), description: t('identities.trustAccountText') },
            { value: 'web', label: t('identities.trustWeb'), description: t('identities.trustWebText') },
            { value: 'json', label: t('identities.trustJson'), description: t('identities.trustJsonText') },
          ]}
        />
      </FormField>
      {trust.by === 'principals' && (
        <PrincipalsField chosen={trust.principals} errorText={errorText} onChange={principals => set({ principals })} />
      )}
      {trust.by === 'account' && (
        <SpaceBetween size="m">
          <FormField label={t('identities.accountId')} errorText={errorText}>
            <Input
              value={trust.account}
              inputMode="numeric"
              autoComplete={false}
              onChange={({ detail }) => set({ account: detail.value })}
            />
          </FormField>
          <FormField
            label={<Optional label={t('identities.externalId')} />}
            description={t('identities.externalIdText')}
          >
            <Input
              value={trust.externalId}
              autoComplete={false}
              spellcheck={false}
              onChange={({ detail }) => set({ externalId: detail.value })}
            />
          </FormField>
        </SpaceBetween>
      )}
      {trust.by === 'web' && <WebFields trust={trust} fault={fault} set={set} />}
      {trust.by === 'json' && (
        <DocumentField
          label={t('identities.trustPolicy')}
          value={trust.document}
          onChange={document => set({ document })}
        />
      )}
    </SpaceBetween>
  )
}

/** Users and roles of the account, by their ARNs. */
function PrincipalsField({
  chosen,
  errorText,
  onChange,
}: {
  chosen: readonly string[]
  errorText: string | undefined
  onChange: (chosen: string[]) => void
}): ReactNode {
  const t = useT()
  const users = useIamList('ListUsers', {}, 'Users')
  const roles = useIamList('ListRoles', {}, 'Roles')
  const options = useMemo(() => {
    const option = ({ Arn = '' }) => ({ value: Arn, label: nameIn(Arn) })
    return [
      { label: t('identities.users'), options: users.items.map(option) },
      { label: t('identities.roles'), options: roles.items.map(option) },
    ].filter(group => group.options.length > 0)
  }, [users.items, roles.items, t])
  const list: List<unknown> = {
    items: [],
    isLoading: users.isLoading || roles.isLoading,
    isComplete: users.isComplete && roles.isComplete,
    error: users.error ?? roles.error,
    refetch() {
      users.refetch()
      roles.refetch()
    },
  }
  return (
    <Several
      label={t('identities.trustPrincipals')}
      errorText={errorText}
      list={list}
      options={options}
      chosen={chosen}
      placeholder={t('identities.choosePrincipals')}
      onChange={onChange}
    />
  )
}

function WebFields({
  trust,
  fault,
  set,
}: {
  trust: Trust
  fault: MessageName | undefined
  set: (values: Partial<Trust>) => void
}): ReactNode {
  const t = useT()
  const providers = useIam('ListOpenIDConnectProviders', {})
  const provider = useIam(
    'GetOpenIDConnectProvider',
    { OpenIDConnectProviderArn: trust.provider },
    { enabled: trust.provider !== '' },
  )
  const error = providers.error ?? provider.error
  const arns = (providers.data?.OpenIDConnectProviderList ?? []).map(({ Arn = '' }) => Arn)
  const audiences = (provider.data?.ClientIDList ?? []).map(value => ({ value, label: value }))
  return (
    <SpaceBetween size="m">
      {error && <ErrorAlert error={error} />}
      <FormField label={t('identities.provider')} errorText={fault === 'identities.providerMissing' && t(fault)}>
        <Select
          options={arns.map(value => ({ value, label: issuerOf(value) }))}
          selectedOption={trust.provider === '' ? null : { value: trust.provider, label: issuerOf(trust.provider) }}
          onChange={({ detail }) => set({ provider: detail.selectedOption.value ?? '', audience: '' })}
          placeholder={t('identities.chooseProvider')}
          empty={t('identities.noProviders')}
          expandToViewport
        />
      </FormField>
      <FormField
        label={t('identities.audience')}
        description={t('identities.audienceText')}
        errorText={fault === 'identities.audienceMissing' && t(fault)}
      >
        <Select
          options={audiences}
          selectedOption={audiences.find(({ value }) => value === trust.audience) ?? null}
          onChange={({ detail }) => set({ audience: detail.selectedOption.value ?? '' })}
          placeholder={t('identities.chooseAudience')}
          empty={t('identities.noAudiences')}
          disabled={trust.provider === ''}
          expandToViewport
        />
      </FormField>
      <FormField label={<Optional label={t('identities.subject')} />} description={t('identities.subjectText')}>
        <Input
          value={trust.subject}
          autoComplete={false}
          spellcheck={false}
          onChange={({ detail }) => set({ subject: detail.value })}
        />
      </FormField>
    </SpaceBetween>
  )
}
