import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import { useState, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { useT } from '../../i18n/index.tsx'
import { usePlaces } from '../../ui/places.ts'

/** Asks for a request id, and goes to why it was denied. */
export function ExplainForm(): ReactNode {
  const t = useT()
  const places = usePlaces()
  const [, go] = useLocation()
  const [id, setId] = useState('')
  const [isTried, setTried] = useState(false)
  const isMissing = isTried && id.trim() === ''
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        setTried(true)
        if (id.trim() !== '') go(places.denial(id.trim()))
      }}
    >
      <Container
        header={
          <Header variant="h2" description={t('access.explain.text')}>
            {t('access.explain')}
          </Header>
        }
      >
        <FormField
          label={t('access.requestId')}
          constraintText={t('access.requestId.where')}
          errorText={isMissing ? t('access.missing') : ''}
          secondaryControl={<Button formAction="submit">{t('access.explain.submit')}</Button>}
        >
          <Input
            value={id}
            spellcheck={false}
            autoComplete={false}
            placeholder="01234567-89ab-cdef-0123-456789abcdef"
            onChange={({ detail }) => setId(detail.value)}
          />
        </FormField>
      </Container>
    </form>
  )
}
