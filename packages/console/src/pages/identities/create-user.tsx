import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import FormField from '@cloudscape-design/components/form-field'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import type { Api } from '../../api/client.ts'
import { useChange } from '../../api/hooks.ts'
import { useT } from '../../i18n/index.tsx'
import { notify } from '../../ui/notices.tsx'
import { href, usePlaces } from '../../ui/places.ts'
import { madeOf, NewAccessKey, type MadeAccessKey } from './access-keys.tsx'
import { FormDialog, HalfMade } from './dialogs.tsx'
import {
  BoundaryField,
  changedTags,
  faultOfName,
  faultOfPath,
  GroupsField,
  NameField,
  Optional,
  PathField,
  PoliciesField,
  TagsField,
  type Tags,
} from './fields.tsx'

/** Makes a user and whatever was asked for with it, one request after the other. */
export function CreateUser({ onClose }: { onClose: () => void }): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [name, setName] = useState('')
  const [path, setPath] = useState('')
  const [groups, setGroups] = useState<string[]>([])
  const [policies, setPolicies] = useState<string[]>([])
  const [boundary, setBoundary] = useState('')
  const [tags, setTags] = useState<Tags>([])
  const [isTagged, setTagged] = useState(true)
  const [wantsKey, setWantsKey] = useState(false)
  const [isTried, setTried] = useState(false)
  const [isMade, setMade] = useState(false)
  const [key, setKey] = useState<MadeAccessKey>()
  const user = name.trim()

  const make = async (api: Api): Promise<void> => {
    // Who tries again after a later request was refused has the user already.
    if (!isMade) {
      const { Tags } = changedTags([], tags)
      await api.iam('CreateUser', {
        UserName: user,
        ...(path.trim() !== '' && { Path: path.trim() }),
        ...(boundary !== '' && { PermissionsBoundary: boundary }),
        ...(Tags.length > 0 && { Tags }),
      })
      setMade(true)
    }
    // Both succeed again for what is so already.
    for (const GroupName of groups) await api.iam('AddUserToGroup', { GroupName, UserName: user })
    for (const PolicyArn of policies) await api.iam('AttachUserPolicy', { UserName: user, PolicyArn })
    if (wantsKey) setKey(madeOf(await api.iam('CreateAccessKey', { UserName: user })))
  }
  const change = useChange(make, {
    onSuccess() {
      notify(t('identities.userCreated', { name: user }), {
        action: <Button href={href(places.user(user))}>{t('identities.viewUser')}</Button>,
      })
      if (!wantsKey) onClose()
    },
  })
  if (key) return <NewAccessKey user={user} made={key} onClose={onClose} />
  return (
    <FormDialog
      title={t('identities.createUser')}
      submitLabel={isMade ? t('common.retry') : t('identities.createUser')}
      size="large"
      isBusy={change.isPending}
      isDisabled={!isTagged}
      error={change.error}
      onSubmit={() => {
        setTried(true)
        if (!faultOfName(name, 64) && !faultOfPath(path)) change.mutate()
      }}
      onClose={onClose}
    >
      <HalfMade isMade={isMade} name={user}>
        <NameField label={t('identities.userName')} value={name} most={64} isTried={isTried} onChange={setName} />
      </HalfMade>
      <GroupsField chosen={groups} onChange={setGroups} />
      <PoliciesField chosen={policies} onChange={setPolicies} />
      <FormField label={t('identities.accessKey')}>
        <Checkbox
          checked={wantsKey}
          description={t('identities.accessKeyNowText')}
          onChange={({ detail }) => setWantsKey(detail.checked)}
        >
          {t('identities.accessKeyNow')}
        </Checkbox>
      </FormField>
      {!isMade && (
        <ExpandableSection headerText={t('identities.more')}>
          <SpaceBetween size="m">
            <PathField value={path} isTried={isTried} onChange={setPath} />
            <BoundaryField value={boundary} onChange={setBoundary} />
            <FormField stretch label={<Optional label={t('identities.tags')} />}>
              <TagsField
                tags={tags}
                onChange={(next, fits) => {
                  setTags(next)
                  setTagged(fits)
                }}
              />
            </FormField>
          </SpaceBetween>
        </ExpandableSection>
      )}
    </FormDialog>
  )
}
