import Button from '@cloudscape-design/components/button'
import { useState, type ReactNode } from 'react'
import type { Api } from '../../api/client.ts'
import { useChange } from '../../api/hooks.ts'
import { useT } from '../../i18n/index.tsx'
import { notify } from '../../ui/notices.tsx'
import { FormDialog } from './dialogs.tsx'
import { changedTags, editedTags, TagsField, type Tag, type Tags } from './fields.tsx'
import type { List } from './iam.ts'
import { EntityTable } from './table.tsx'

/** The tags of something, to be looked at and changed. */
export function TagsTable({
  list,
  tag,
  untag,
  isFixed = false,
}: {
  list: List<Tag>
  tag: (api: Api, Tags: { Key: string; Value: string }[]) => Promise<unknown>
  untag: (api: Api, TagKeys: string[]) => Promise<unknown>
  /** Nobody can change them. */
  isFixed?: boolean
}): ReactNode {
  const t = useT()
  const [isEditing, setEditing] = useState(false)
  return (
    <>
      <EntityTable
        name="tags"
        title={t('identities.tags')}
        description={t('identities.tagsText')}
        list={list}
        idOf={({ Key = '' }) => Key}
        empty={{ title: t('identities.noTags') }}
        actions={
          !isFixed && (
            <Button disabled={!list.isComplete} onClick={() => setEditing(true)}>
              {t('identities.manageTags')}
            </Button>
          )
        }
        columns={[
          { id: 'key', header: t('identities.tagKey'), cell: ({ Key }) => Key, sortingField: 'Key', isRowHeader: true },
          {
            id: 'value',
            header: t('identities.tagValue'),
            cell: ({ Value = '' }) => Value || '–',
            sortingField: 'Value',
          },
        ]}
      />
      {isEditing && <TagsDialog present={list.items} tag={tag} untag={untag} onClose={() => setEditing(false)} />}
    </>
  )
}

function TagsDialog({
  present,
  tag,
  untag,
  onClose,
}: {
  present: readonly Tag[]
  tag: (api: Api, Tags: { Key: string; Value: string }[]) => Promise<unknown>
  untag: (api: Api, TagKeys: string[]) => Promise<unknown>
  onClose: () => void
}): ReactNode {
  const t = useT()
  const [before] = useState(present)
  const [tags, setTags] = useState<Tags>(() => editedTags(before))
  const [isValid, setValid] = useState(true)
  const change = useChange(
    async api => {
      const { Tags, TagKeys } = changedTags(before, tags)
      if (TagKeys.length > 0) await untag(api, TagKeys)
      if (Tags.length > 0) await tag(api, Tags)
    },
    {
      onSuccess() {
        notify(t('identities.tagsSaved'))
        onClose()
      },
    },
  )
  return (
    <FormDialog
      title={t('identities.manageTags')}
      submitLabel={t('common.save')}
      size="large"
      isBusy={change.isPending}
      isDisabled={!isValid}
      error={change.error}
      onSubmit={() => change.mutate()}
      onClose={onClose}
    >
      <TagsField
        tags={tags}
        onChange={(next, fits) => {
          setTags(next)
          setValid(fits)
        }}
      />
    </FormDialog>
  )
}
