import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs, { type KeyValuePairsProps } from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { useSession } from '../../api/session.ts'
import { useT } from '../../i18n/index.tsx'
import { Code } from '../../ui/parts.tsx'
import { useRegion } from '../../ui/places.ts'
import { LockOutWarning, type PolicyCheck } from '../../ui/policy-editor.tsx'
import { principalOf } from '../../ui/policy-principals.tsx'
import { aliasName, policyOf, shapeOf, type Draft } from './draft.ts'

/** Step 6: all of it, once more. */
export function Review({
  draft,
  check,
  onEdit,
  children,
}: {
  draft: Draft
  check: PolicyCheck
  /** Goes back to a step, from 0. */
  onEdit: (step: number) => void
  /** What went wrong. */
  children: ReactNode
}): ReactNode {
  const t = useT()
  const region = useRegion()
  const { account } = useSession()
  const { administrators, users, accounts } = shapeOf(draft)
  const { type, usage, spec, origin, storeId, xksKeyId, isMultiRegion, description, tags, mayDelete } = draft
  const names = (arns: readonly string[]): ReactNode =>
    arns.length === 0 ? t('create.nobody') : <Lines lines={arns.map(arn => principalOf(t, arn).name)} />
  const section = (step: number, title: string, items: KeyValuePairsProps['items'], more?: ReactNode): ReactNode => (
    <Container
      header={
        <Header
          variant="h2"
          actions={
            <Button onClick={() => onEdit(step)} ariaLabel={t('create.editStep', { title })}>
              {t('common.edit')}
            </Button>
          }
        >
          {title}
        </Header>
      }
    >
      <SpaceBetween size="m">
        {items.length > 0 && <KeyValuePairs columns={3} items={items} />}
        {more}
      </SpaceBetween>
    </Container>
  )
  return (
    <SpaceBetween size="l">
      {children}
      {section(0, t('create.step.configure'), [
        { label: t('create.keyType'), value: t(`create.type.${type}`) },
        { label: t('create.keySpec'), value: spec },
        { label: t('create.keyUsage'), value: t(`create.usage.${usage}`) },
        { label: t('create.origin'), value: t(`create.origin.${origin}`) },
        ...(origin === 'EXTERNAL_KEY_STORE'
          ? [
              { label: t('create.store'), value: storeId },
              { label: t('create.xksKeyId'), value: xksKeyId },
            ]
          : []),
        { label: t('create.regionality'), value: t(isMultiRegion ? 'create.multiRegion' : 'create.singleRegion') },
        { label: t('frame.region'), value: region },
      ])}
      {section(1, t('create.step.labels'), [
        { label: t('create.alias'), value: aliasName(draft) },
        { label: t('create.description'), value: description || '–' },
        {
          label: t('create.tags'),
          value:
            tags.length === 0 ? (
              '–'
            ) : (
              <Lines lines={tags.map(({ key, value }) => (value ? `${key}: ${value}` : key))} />
            ),
        },
      ])}
      {section(2, t('create.administrators'), [
        { label: t('create.administrators'), value: names(administrators) },
        { label: t('create.deletion'), value: t(mayDelete ? 'create.deletionAllowed' : 'create.deletionNot') },
      ])}
      {section(3, t('create.users'), [
        { label: t('create.users'), value: names(users) },
        { label: t('policy.otherAccounts'), value: accounts.length === 0 ? '–' : <Lines lines={accounts} /> },
      ])}
      {section(
        4,
        t('create.policy'),
        [],
        <>
          <LockOutWarning check={check} />
          <Code text={policyOf(draft, account)} label={t('create.policyJson')} />
        </>,
      )}
    </SpaceBetween>
  )
}

const Lines = ({ lines }: { lines: readonly string[] }): ReactNode => (
  <Box>
    {lines.map(line => (
      <div key={line} className="break-anywhere">
        {line}
      </div>
    ))}
  </Box>
)
