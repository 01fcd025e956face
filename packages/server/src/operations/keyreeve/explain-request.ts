import { noKeys, operation } from '../../operation.ts'
import { kmsError, type KmsError } from '../../protocol/errors.ts'
import { string, structure, timestamp } from '../../protocol/shape.ts'
import { shown } from '../shown.ts'
import { describeTrace, trace } from './trace.ts'

/**
 * Why a request was denied, for the account of its caller and that of the resource: each sees its own policies. What the
 * answer to the request itself did not tell, the account of its caller does not learn here: neither whether a key of another
 * account exists, nor anything of it.
 */
export const explainRequest = operation({
  name: 'ExplainRequest',
  service: 'keyreeve',
  input: structure({ RequestId: string(1, 128) }),
  output: structure({ RequestId: string(), Time: timestamp(), Operation: string(), Trace: trace }),
  needs: { action: 'keyreeve:ExplainRequest', keys: noKeys },
  audit: { readOnly: true, parameters: input => shown(input, 'RequestId') },
  async handle({ caller, view, now }, { RequestId }) {
    const explanation = await view.get('explanation', RequestId)
    const traces = new Map(Object.entries(explanation?.traces ?? {}))
    const visible = traces.get(caller.account)
    if (!explanation || !visible || explanation.erasedAt <= now) throw notFound()
    const { requestId, at, operation: name } = explanation
    return { output: { RequestId: requestId, Time: new Date(at), Operation: name, Trace: describeTrace(visible) } }
  },
})

/** One text for all that there can be. */
const notFound = (): KmsError =>
  kmsError(
    'NotFoundException',
    'There is no explanation of such a request for this account. Either there was none, or it was not denied, or it is of ' +
      'another account, or it is older than 7 days, or it was one of too many at once. SimulateAccess (keyreeve simulate) ' +
      'explains what would be decided now.',
  )
