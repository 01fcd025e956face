import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import TagEditor from '@cloudscape-design/components/tag-editor'
import Textarea from '@cloudscape-design/components/textarea'
import type { ReactNode } from 'react'
import { useT } from '../../i18n/index.tsx'
import type { StepProps } from './configure.tsx'
import { aliasName, aliasProblem, type Draft } from './draft.ts'

const longestDescription = 8192
const mostTags = 50

/** Whether this step is as it must be; whether the alias is free is another question. */
export const isLabelled = (draft: Draft): boolean =>
  aliasProblem(draft) === undefined && draft.description.length <= longestDescription && draft.areTagsValid

/** Step 2: what people call the key. */
export function Labels({ draft, onChange, isTried, taken }: StepProps & { taken: string | undefined }): ReactNode {
  const t = useT()
  const { description, tags } = draft
  const name = aliasName(draft)
  const problem = aliasProblem(draft)
  const aliasError =
    name === taken ? t('create.alias.taken', { name }) : isTried && problem ? t(`create.alias.${problem}`) : ''
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">{t('create.alias')}</Header>}>
        <FormField
          label={t('create.alias')}
          description={t('create.aliasText')}
          constraintText={t('create.aliasForm')}
          errorText={aliasError}
        >
          <Input
            value={draft.alias}
            spellcheck={false}
            autoComplete={false}
            ariaRequired
            onChange={({ detail }) => onChange({ alias: detail.value })}
          />
        </FormField>
      </Container>
      <Container header={<Header variant="h2">{t('create.descriptionOptional')}</Header>}>
        <FormField
          label={t('create.description')}
          description={t('create.descriptionText')}
          constraintText={t('create.descriptionForm', { length: description.length, longest: longestDescription })}
          errorText={description.length > longestDescription ? t('create.descriptionLong') : ''}
          stretch
        >
          <Textarea value={description} rows={3} onChange={({ detail }) => onChange({ description: detail.value })} />
        </FormField>
      </Container>
      <Container
        header={
          <Header variant="h2" description={t('create.tagsText')}>
            {t('create.tagsOptional')}
          </Header>
        }
      >
        <TagEditor
          tags={tags.map(tag => ({ ...tag, existing: false }))}
          tagLimit={mostTags}
          // The service takes any character.
          allowedCharacterPattern="^[\s\S]*$"
          onChange={({ detail }) =>
            onChange({ tags: detail.tags.map(({ key, value }) => ({ key, value })), areTagsValid: detail.valid })
          }
        />
      </Container>
    </SpaceBetween>
  )
}
