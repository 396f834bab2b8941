import type { ApiAnswer } from './contract.ts';

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
};

/** A failure as clients of Kubernetes expect it. `about` names the object. */
export function failure(
  code: number,
  message: string,
  about?: { readonly group: string; readonly kind: string; readonly name: string },
): ApiAnswer {
  return {
    status: code,
    body: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message,
      reason: reasons[code] ?? 'InternalError',
      ...(about === undefined ? {} : { details: about }),
      code,
    },
  };
}
