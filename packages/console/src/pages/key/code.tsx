import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useState, type ReactNode } from 'react'
import { endpointText } from '../../api/client.ts'
import { useT } from '../../i18n/index.tsx'
import { Code } from '../../ui/parts.tsx'
import { snippet, tools, type Tool } from './code-snippets.ts'
import type { Key } from './key.ts'

/** How programs use this very key. */
export function CodeTab({ shown: key }: { shown: Key }): ReactNode {
  const t = useT()
  const [chosen, setChosen] = useState<Tool>('cli')
  const offered = tools.filter(tool => snippet(tool, key, endpointText) !== undefined)
  const options = offered.map(tool => ({ value: tool, label: t(`key.code.${tool}`) }))
  return (
    <Container
      header={
        <Header variant="h2" description={t('key.code.text')}>
          {t('key.tab.code')}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <FormField label={t('key.code.tool')}>
          <Select
            options={options}
            selectedOption={options.find(({ value }) => value === chosen) ?? null}
            onChange={({ detail }) => setChosen(detail.selectedOption.value as Tool)} // The options above.
          />
        </FormField>
        <Box color="text-body-secondary">{t(`key.code.text.${chosen}`)}</Box>
        <Code text={snippet(chosen, key, endpointText) ?? ''} label={t(`key.code.${chosen}`)} />
        {endpointText.startsWith('https:') && (
          <Box color="text-body-secondary" fontSize="body-s">
            {t('key.code.authority')}
          </Box>
        )}
      </SpaceBetween>
    </Container>
  )
}
