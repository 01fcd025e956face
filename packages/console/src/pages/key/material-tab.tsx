import Alert from '@cloudscape-design/components/alert'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import type { ReactNode } from 'react'
import { useKms } from '../../api/hooks.ts'
import { useT } from '../../i18n/index.tsx'
import { Loaded } from '../../ui/parts.tsx'
import { kindOf, type Key } from './key.ts'
import { GeneratedMaterial } from './material/generated.tsx'
import { ImportedMaterial } from './material/imported.tsx'

/** Where the material of a key comes from, which it has, and how it is rotated. */
export function MaterialTab({ keyId }: { keyId: string }): ReactNode {
  const t = useT()
  const key = useKms('DescribeKey', { KeyId: keyId })
  return (
    <Loaded query={key}>
      {({ KeyMetadata }) => {
        const shown = KeyMetadata as Key // The server says all that is named there.
        if (shown.Origin === 'EXTERNAL') return <ImportedMaterial shown={shown} />
        if (shown.Origin === 'AWS_KMS' && kindOf(shown) === 'symmetric') return <GeneratedMaterial shown={shown} />
        return (
          <Container header={<Header variant="h2">{t('material.title')}</Header>}>
            <Alert type="info" statusIconAriaLabel={t('common.info')}>
              {t(shown.Origin === 'AWS_KMS' ? 'material.notRotated' : 'material.inStore')}
            </Alert>
          </Container>
        )
      }}
    </Loaded>
  )
}
