const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
};

const bodies: Readonly<Record<number, string>> = {
  400: 'bad request\n',
  403: 'access denied\n',
  404: 'unknown host\n',
  408: 'request timeout\n',
  502: 'bad answer from the server\n',
  503: 'service unavailable\n',
  504: 'no answer from the server\n',
};

/** A whole answer that the proxy gives itself; the body says what happened and nothing about policy. */
export function localAnswer(status: number, method: string, close: boolean, http11: boolean): string {
  const reason = reasons[status] ?? 'Error';
  const body = bodies[status] ?? `${reason.toLowerCase()}\n`;
  const connection = close ? 'connection: close\r\n' : http11 ? '' : 'connection: keep-alive\r\n';
  const head = `HTTP/1.1 ${status} ${reason}\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n`;
  return `${head}${connection}\r\n${method === 'HEAD' ? '' : body}`;
}
