import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Multiselect from '@cloudscape-design/components/multiselect'
import Select, { type SelectProps } from '@cloudscape-design/components/select'
import TagEditor, { type TagEditorProps } from '@cloudscape-design/components/tag-editor'
import { useMemo, type ReactNode } from 'react'
import { useT, type MessageName } from '../../i18n/index.tsx'
import { isName, nameIn, isPath, isServicePolicy, useIamList, type List } from './iam.ts'

/** A label, and that the field may be left empty. */
export function Optional({ label }: { label: string }): ReactNode {
  const t = useT()
  return (
    <>
      {label} <i>– {t('common.optional')}</i>
    </>
  )
}

/** Undefined: as a name should be. */
export function faultOfName(name: string, most: number): MessageName | undefined {
  if (name.trim() === '') return 'identities.nameMissing'
  return isName(name.trim(), most) ? undefined : 'identities.nameWrong'
}

export const faultOfPath = (path: string): MessageName | undefined =>
  path.trim() === '' || isPath(path.trim()) ? undefined : 'identities.pathWrong'

/** What is typed as a name; whether it fits is said once somebody has tried to send it. */
export function NameField({
  label,
  value,
  most,
  isTried,
  onChange,
}: {
  label: string
  value: string
  /** In characters. */
  most: number
  isTried: boolean
  onChange: (value: string) => void
}): ReactNode {
  const t = useT()
  const fault = isTried ? faultOfName(value, most) : undefined
  return (
    <FormField label={label} constraintText={t('identities.nameRule', { most })} errorText={fault && t(fault)}>
      <Input value={value} autoComplete={false} spellcheck={false} onChange={({ detail }) => onChange(detail.value)} />
    </FormField>
  )
}

export function PathField({
  value,
  isTried,
  onChange,
}: {
  value: string
  isTried: boolean
  onChange: (value: string) => void
}): ReactNode {
  const t = useT()
  const fault = isTried ? faultOfPath(value) : undefined
  return (
    <FormField
      label={<Optional label={t('identities.path')} />}
      description={t('identities.pathText')}
      errorText={fault && t(fault)}
    >
      <Input
        value={value}
        placeholder="/"
        autoComplete={false}
        spellcheck={false}
        onChange={({ detail }) => onChange(detail.value)}
      />
    </FormField>
  )
}

const statusOf = (list: List<unknown>): 'loading' | 'error' | 'finished' =>
  list.error ? 'error' : list.isComplete ? 'finished' : 'loading'

/** Several of what a list holds, by their values. */
export function Several({
  label,
  description,
  errorText,
  list,
  options,
  chosen,
  placeholder,
  onChange,
}: {
  label: ReactNode
  description?: ReactNode
  errorText?: string | undefined
  list: List<unknown>
  options: SelectProps.Options
  chosen: readonly string[]
  placeholder: string
  onChange: (chosen: string[]) => void
}): ReactNode {
  const t = useT()
  const flat = useMemo(() => options.flatMap(option => ('options' in option ? option.options : [option])), [options])
  return (
    <FormField label={label} description={description} errorText={errorText}>
      <Multiselect
        options={options}
        selectedOptions={chosen.map(
          value => flat.find(option => option.value === value) ?? { value, label: nameIn(value) },
        )}
        onChange={({ detail }) => onChange(detail.selectedOptions.map(({ value = '' }) => value))}
        filteringType="auto"
        filteringAriaLabel={t('identities.findIn')}
        filteringPlaceholder={t('identities.findIn')}
        filteringClearAriaLabel={t('identities.clearFilter')}
        virtualScroll={flat.length > 200}
        expandToViewport
        keepOpen
        placeholder={placeholder}
        empty={t('identities.nothingThere')}
        noMatch={t('identities.noMatch')}
        {...dropdownState(list, t('common.loading'))}
      />
    </FormField>
  )
}

const dropdownState = (list: List<unknown>, loadingText: string) => ({
  statusType: statusOf(list),
  loadingText,
  errorText: list.error?.message ?? '',
  onLoadItems: ({ detail }: { detail: { samePage: boolean } }) => void (detail.samePage && list.refetch()),
})

/** The managed policies of the account and of the service, in two groups. */
function usePolicyOptions(except: readonly string[] = []): { list: List<unknown>; options: SelectProps.Options } {
  const t = useT()
  const list = useIamList('ListPolicies', {}, 'Policies')
  const options = useMemo(() => {
    const free = list.items.filter(({ Arn = '' }) => !except.includes(Arn))
    const group = (label: string, isService: boolean) => ({
      label,
      options: free
        .filter(({ Arn = '' }) => isServicePolicy(Arn) === isService)
        .map(({ Arn = '', PolicyName = '', Path = '/' }) => ({
          value: Arn,
          label: PolicyName,
          ...(Path !== '/' && { description: Path }),
        })),
    })
    return [group(t('identities.customerManaged'), false), group(t('identities.serviceManaged'), true)].filter(
      each => each.options.length > 0,
    )
  }, [list.items, except, t])
  return { list, options }
}

/** Managed policies, by their ARNs. */
export function PoliciesField({
  chosen,
  except,
  isOptional = true,
  onChange,
}: {
  chosen: readonly string[]
  /** Those that are attached already. */
  except?: readonly string[]
  isOptional?: boolean
  onChange: (chosen: string[]) => void
}): ReactNode {
  const t = useT()
  const { list, options } = usePolicyOptions(except)
  const label = t('identities.policiesToAttach')
  return (
    <Several
      label={isOptional ? <Optional label={label} /> : label}
      description={t('identities.policiesToAttachText')}
      list={list}
      options={options}
      chosen={chosen}
      placeholder={t('identities.choosePolicies')}
      onChange={onChange}
    />
  )
}

/** The ARN of the managed policy that limits a user or a role; empty: none does. */
export function BoundaryField({ value, onChange }: { value: string; onChange: (value: string) => void }): ReactNode {
  const t = useT()
  const { list, options } = usePolicyOptions()
  const none = { value: '', label: t('identities.noBoundary') }
  const flat = options.flatMap(option => ('options' in option ? option.options : [option]))
  return (
    <FormField label={<Optional label={t('identities.boundary')} />} description={t('identities.boundaryText')}>
      <Select
        options={[none, ...options]}
        selectedOption={[none, ...flat].find(option => option.value === value) ?? { value, label: value }}
        onChange={({ detail }) => onChange(detail.selectedOption.value ?? '')}
        filteringType="auto"
        filteringAriaLabel={t('identities.findIn')}
        filteringPlaceholder={t('identities.findIn')}
        filteringClearAriaLabel={t('identities.clearFilter')}
        virtualScroll={flat.length > 200}
        expandToViewport
        noMatch={t('identities.noMatch')}
        {...dropdownState(list, t('common.loading'))}
      />
    </FormField>
  )
}

/** Groups, by their names. */
export function GroupsField({
  chosen,
  except = [],
  isOptional = true,
  onChange,
}: {
  chosen: readonly string[]
  except?: readonly string[]
  isOptional?: boolean
  onChange: (chosen: string[]) => void
}): ReactNode {
  const t = useT()
  const list = useIamList('ListGroups', {}, 'Groups')
  const options = list.items.flatMap(({ GroupName = '' }) =>
    except.includes(GroupName) ? [] : [{ value: GroupName, label: GroupName }],
  )
  const label = t('identities.groups')
  return (
    <Several
      label={isOptional ? <Optional label={label} /> : label}
      list={list}
      options={options}
      chosen={chosen}
      placeholder={t('identities.chooseGroups')}
      onChange={onChange}
    />
  )
}

/** Users, by their names. */
export function UsersField({
  chosen,
  except = [],
  onChange,
}: {
  chosen: readonly string[]
  except?: readonly string[]
  onChange: (chosen: string[]) => void
}): ReactNode {
  const t = useT()
  const list = useIamList('ListUsers', {}, 'Users')
  const options = useMemo(() => {
    const members = new Set(except)
    return list.items.flatMap(({ UserName = '' }) =>
      members.has(UserName) ? [] : [{ value: UserName, label: UserName }],
    )
  }, [list.items, except])
  return (
    <Several
      label={t('identities.users')}
      list={list}
      options={options}
      chosen={chosen}
      placeholder={t('identities.chooseUsers')}
      onChange={onChange}
    />
  )
}

export type Tags = readonly TagEditorProps.Tag[]
export interface Tag {
  Key?: string | undefined
  Value?: string | undefined
}

export const editedTags = (tags: readonly Tag[]): Tags =>
  tags.map(({ Key = '', Value = '' }) => ({ key: Key, value: Value, existing: true }))

/** What is to be written, and what to be removed. */
export function changedTags(
  before: readonly Tag[],
  after: Tags,
): { Tags: { Key: string; Value: string }[]; TagKeys: string[] } {
  const old = new Map(before.map(({ Key = '', Value = '' }) => [Key, Value]))
  const kept = after.filter(({ markedForRemoval = false }) => !markedForRemoval)
  const keys = new Set(kept.map(({ key }) => key))
  return {
    Tags: kept.filter(({ key, value }) => old.get(key) !== value).map(({ key, value }) => ({ Key: key, Value: value })),
    TagKeys: [...old.keys()].filter(key => !keys.has(key)),
  }
}

export function TagsField({
  tags,
  onChange,
}: {
  tags: Tags
  onChange: (tags: Tags, isValid: boolean) => void
}): ReactNode {
  return <TagEditor tags={tags} tagLimit={50} onChange={({ detail }) => onChange(detail.tags, detail.valid)} />
}
