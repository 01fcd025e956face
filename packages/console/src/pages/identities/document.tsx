import type { ReactNode } from 'react'
import { useT } from '../../i18n/index.tsx'
import { PolicyEditor, usePolicyCheck } from '../../ui/policy-editor.tsx'
import { readJson } from '../../ui/policy-json.ts'

/** Whether it is a JSON object. What else a policy must be, the server says. */
export function isDocument(text: string): boolean {
  const read = readJson(text)
  return 'value' in read && typeof read.value === 'object' && read.value !== null && !Array.isArray(read.value)
}

/** What a new policy begins with. */
export const firstDocument = JSON.stringify(
  {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'UseKeys',
        Effect: 'Allow',
        Action: ['kms:DescribeKey', 'kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey*'],
        Resource: '*',
      },
    ],
  },
  null,
  2,
)

/** The document of a policy, to be written as JSON. */
export function DocumentField({
  label,
  value,
  onChange,
}: {
  label: string
  value: string
  onChange: (value: string) => void
}): ReactNode {
  const t = useT()
  const check = usePolicyCheck(value)
  return (
    <PolicyEditor
      label={label}
      description={t('identities.documentText')}
      value={value}
      onChange={onChange}
      check={check}
      errorText={check.problem || isDocument(value) ? undefined : t('identities.documentNoObject')}
    />
  )
}
