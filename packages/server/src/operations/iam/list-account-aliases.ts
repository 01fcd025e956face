import { noKeys, operation } from '../../operation.ts'
import { list, string, structure } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { marker, maxItems, pageMembers } from './entities.ts'

/** None: accounts have no other names here. */
export const listAccountAliases = operation({
  name: 'ListAccountAliases',
  service: 'iam',
  input: structure({ Marker: marker, MaxItems: maxItems }),
  output: structure({ AccountAliases: list(string()), ...pageMembers }),
  needs: { action: 'iam:ListAccountAliases', keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'Marker', 'MaxItems') },
  handle: () => ({ output: { AccountAliases: [], IsTruncated: false } }),
})
